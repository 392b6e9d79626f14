"""What a command says that Ctrl-C leaves."""

from argparse import Namespace
from pathlib import Path

import pytest

from search.cli import detections, main, search
from search.cli.guard import ANEW, GOES_ON

TRAINING = [["compare", "--env", "farm"], ["worker", "--join", "farm-1"], ["teacher", "train"]]
OTHERS = [
    ["detect", "bundle", "a.wav"],
    ["review", "make", "bundle"],
    ["report"],
    ["plot", "a.wav", "--bundle", "b", "--out", "a.png"],
    ["teacher", "show"],
]


@pytest.mark.parametrize(
    ("words", "said"), [*((words, GOES_ON) for words in TRAINING), *((words, ANEW) for words in OTHERS)]
)
def test_only_what_trains_goes_on(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_: Namespace) -> int:
        raise KeyboardInterrupt

    parsed = main.parser().parse_args(words)
    parsed.run = stopped
    monkeypatch.setattr(main, "parser", lambda: Namespace(parse_args=lambda _: parsed))
    assert main.main(words) == 130
    assert capsys.readouterr().err == f"interrupted; {said}\n"


def test_a_search_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "_run", stopped)
    assert search.main(["--env", "farm"]) == 130
    assert capsys.readouterr().err == f"interrupted; {GOES_ON}\n"


@pytest.mark.parametrize("form", ["tsv", "parquet"])
def test_files_of_recordings_that_are_there_stand(form: str, tmp_path: Path) -> None:
    options = Namespace(format=form, per_file=True, out=tmp_path / "out", files=["a.wav"])
    with (
        pytest.raises(KeyboardInterrupt, match=r"the files that are in .*out stand"),
        detections.writing(options, ["a.wav"], 8000.0),
    ):
        raise KeyboardInterrupt

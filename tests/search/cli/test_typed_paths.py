"""Files and folders as they are typed: `~` behind `=`, which no shell expands, and an empty one, which means none."""

from pathlib import Path

import pytest

from search.cli import main, search

FILES = [
    ("detect b a.wav --out=~/x", "out"),
    ("detect b a.wav --clips=~/x", "clips"),
    ("listen b --clips=~/x", "clips"),
    ("report --out=~/x", "out"),
    ("front --picture=~/x", "picture"),
    ("plot a.wav --bundle b --out=~/x", "out"),
    ("review make b --out=~/x", "out"),
    ("review read p a --into=~/x", "into"),
    ("export --out=~/x", "out"),
    ("data synthesise --events e --out=~/x", "out"),
    ("space --space=~/x", "space"),
    ("compare --env farm --impulse-responses=~/x", "impulse_responses"),
    ("score ~/x heard.tsv", "truth"),
]


@pytest.mark.parametrize(("line", "name"), FILES)
def test_the_home_folder_is_found_behind_an_equals_sign(
    line: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert getattr(main.parser().parse_args(line.split()), name) == tmp_path / "x"


def test_the_home_folder_in_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "study.yaml").write_text("env: farm\ndata: [~/rec]\n")
    words = search.with_config(search.parser(), ["--config=~/study.yaml", "--store=~/runs"])
    options = search.parser().parse_args(words)
    assert (options.data, options.store) == ([tmp_path / "rec"], str(tmp_path / "runs"))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["detect", "bundle", ""], "FILE"),
        (["detect", "", "a.wav"], "BUNDLE"),
        (["data", "check", ""], "DIR"),
        (["score", "", "heard.tsv"], "truth"),
        (["front", "--store", ""], "--store"),
        (["review", "make", "heard.tsv", ""], "FILE"),
        (["compare", "--env", "farm", "--data", ""], "--data"),
    ],
)
def test_an_empty_one_is_not_the_current_folder(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"error: argument {named}: is empty, as of a variable that is not set; name a file or folder"
    )


def test_a_recording_is_called_as_it_was_typed() -> None:
    assert main.parser().parse_args(["detect", "b", "./a.wav", "-", "d/"]).files == ["./a.wav", "-", "d/"]


def test_the_home_of_somebody_who_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["data", "check", "~nobody-of-this-name/recordings"]) == 2
    assert "~nobody-of-this-name/recordings" in capsys.readouterr().err
    assert search.main(["--env", "farm", "--teacher", "~nobody-of-this-name/a.pt", "--data", "."]) == 2
    assert "Traceback" not in capsys.readouterr().err

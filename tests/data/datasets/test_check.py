"""`sedkd data check` as it is typed: what it prints, and how it ends."""

import json
import shutil
import warnings
from pathlib import Path

import pytest
import soundfile
from datasets import tut
from small_study import write_environment

from search.cli import main
from search.setup.setting import setting
from sedkd.errors import UnknownLabel, UserError


def checked(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = main.main(["data", "check", *map(str, words)])
    return code, capsys.readouterr().out


def test_a_good_dataset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out = checked(capsys, tut.write_2017(tmp_path / "tut"))
    assert code == 0
    assert "TUT Sound Events 2017 (tut2017) in" in out
    assert "licence: non-commercial use only" in out
    assert "street, train: 3 recordings (3 at 44100 Hz), 0.00 h, at most 2 at a time: car 3, people walking 2" in out
    assert "street, test: 2 recordings (2 at 44100 Hz), 0.00 h; annotations sealed until the end" in out
    assert out.endswith("ready to search\n")


def test_a_fold(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out = checked(capsys, tut.write_2017(tmp_path / "tut"), "--fold", "3")
    assert code == 0
    assert "TUT Sound Events 2017, fold 3 (tut2017) in" in out


def test_a_dataset_with_problems(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = tut.write_2017(tmp_path / "tut")
    (root / "meta/street/a002.ann").write_text("0.1 0.9 car\n")
    code, out = checked(capsys, root)
    assert code == 1
    assert "problem: " in out
    assert "a002.ann, line 1: 1 columns" in out
    assert out.endswith("1 problem\n")
    code, out = checked(capsys, root, "--json")
    assert code == 1
    assert len(json.loads(out)["problems"]) == 1


def test_recordings_without_events_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_environment(tmp_path / "own", "farm", 1)
    negatives = tmp_path / "own/farm/negatives"
    shutil.copytree(tmp_path / "own/farm/unlabeled", negatives)
    code, out = checked(capsys, tmp_path / "own")
    assert "farm, negatives: 3 recordings (3 at 16000 Hz), 0.00 h\n" in out
    (negatives.parent / "negatives.tsv").write_text("filename\tonset\toffset\tevent_label\n0.wav\t0\t1\tbell\n")
    code, out = checked(capsys, tmp_path / "own")
    assert code == 1
    assert "problem: " in out
    assert "negatives are recordings without events" in out


def test_a_generic_folder_is_checked_as_a_search_reads_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_environment(tmp_path / "own", "farm", 1)
    code, out = checked(capsys, tmp_path / "own", "--dataset", "folder")
    assert code == 0
    assert "farm, unlabeled: 3 recordings" in out
    with (tmp_path / "own/farm/train.tsv").open("a") as table:
        table.write("0.wav\t7.0\t8.0\tbell\n9.wav\t0.1\t0.2\tbell\n")
    code, out = checked(capsys, tmp_path / "own")
    assert code == 1
    assert "train.tsv" in out


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("0.wav\tsoon\t8.0\tbell\n", "onset 'soon' is not a number"),
        ("9.wav\t0.1\t0.2\tbell\n", "'9.wav' is listed, but there is no such file"),
        ("0.wav\t0.1\t0.2\tbel\n", "is 'bell' meant?"),
    ],
)
def test_mistakes_of_test_are_told_and_nothing_else_of_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, row: str, told: str
) -> None:
    write_environment(tmp_path / "own", "farm", 1)
    with (tmp_path / "own/farm/test.tsv").open("a") as table:
        table.write(row)
    code, out = checked(capsys, tmp_path / "own")
    assert code == 1
    assert told in out
    assert "annotations sealed until the end" in out or "9.wav" in row


@pytest.mark.parametrize(
    ("table", "row", "problem"),
    [
        ("validation", "0.wav\t0.1\t0.2\tBELL_\n", None),
        ("validation", "0.wav\t0.1\t0.2\tbelt\n", "validation.tsv, line {}: 'belt' (once) is no event of farm"),
        ("weak", "0.wav\tbelt\n", "weak.tsv, line {}: 'belt' (once) is no event of farm"),
        ("train", "0.wav\t1,234\t2\tbell\n", "train.tsv, line {}: '1,234' may be 1.234 or 1234"),
        ("train", "../0.wav\t1\t2\tbell\n", "'../0.wav' leads out of"),
    ],
)
def test_a_check_and_a_search_agree(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str, row: str, problem: str | None
) -> None:
    """What the check calls a problem ends or troubles a search, and nothing else does."""
    write_environment(tmp_path / "own", "farm", 1)
    path = tmp_path / "own/farm" / f"{table}.tsv"
    if table == "weak":
        shutil.copytree(tmp_path / "own/farm/train", tmp_path / "own/farm/weak")
        for clip in (tmp_path / "own/farm/weak").iterdir():
            sound, rate = soundfile.read(clip)
            soundfile.write(clip, sound[::-1] * 0.9, rate)  # another sound
        path.write_text("filename\tevent_labels\n1.wav\tbell\n2.wav\t\n")
    path.write_text(path.read_text() + row)
    line = len(path.read_text().splitlines())
    code = main.main(["data", "check", str(tmp_path / "own")])
    said = capsys.readouterr()
    problems = [one for one in (said.out + said.err).splitlines() if one.startswith(("problem: ", "error: "))]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            pool = setting("farm", [tmp_path / "own"]).pool
            for read in (pool.training, pool.validation, pool.weak, pool.unlabeled):
                read("farm")
            ended = ""
        except UserError as error:
            ended = str(error)
    strange = [str(warning.message) for warning in told if issubclass(warning.category, UnknownLabel)]
    if problem is None:
        assert (code, problems, strange, ended) == (0, [], [], "")
    else:
        assert code in (1, 2)  # 2: its lists cannot even be read
        assert [problem.format(line) in one for one in problems] == [True]
        assert problem.format(line) in "".join([*strange, ended])


def test_a_folder_with_nothing_in_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main.main(["data", "check", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1

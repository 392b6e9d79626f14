"""`sedkd init`: what it counts, the commands that it prints (which are typed), and its mistakes."""

import shlex
import shutil
from pathlib import Path

import pytest
from datasets import labels, tut
from datasets.sound import write_sound, write_text
from invented_study import invented_study
from postgres import needs_postgres, server
from small_study import write_environment
from sqlalchemy.engine import make_url

from search.cli import main, search
from search.study.objectives import parse
from search.study.store import open_store
from sedkd.data.datasets.opening import opened
from sedkd.data.decoding import AUDIO_SUFFIXES
from sedkd.disk.json_file import write_json


@pytest.fixture(autouse=True)
def _no_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEDKD_STORE", str(tmp_path / "runs"))


def told(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> str:
    assert main.main(["init", *map(str, words)]) == code
    return capsys.readouterr().out


def after(title: str, out: str) -> list[str]:
    """The lines below a title."""
    lines = out.splitlines()
    rest = lines[lines.index(f"{title}:") + 1 :]
    return [line[2:] for line in rest[: next((i for i, x in enumerate(rest) if x[:2] != "  "), len(rest))]]


def row(out: str, event: str) -> list[str]:
    cells = [[cell.strip() for cell in line.replace("│", "|").split("|")] for line in out.splitlines()]
    return next(line[2:-1] for line in cells if line[1:2] == [event])


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    root = labels.write_beside(tmp_path / "ann's yard", labels.audacity, ".txt")
    write_sound(root / "later.wav", [], 1)
    return root


def test_what_to_type_next_says_where_results_go(
    yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"--store {shlex.quote(str(tmp_path / 'my runs'))}"
    check, search_line, detect = after("next", told(capsys, yard, "--store", tmp_path / "my runs"))
    assert place not in check
    assert place in search_line
    assert place in detect.split(" && ")[0]


def test_what_is_there_and_what_to_type(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, yard)
    assert f"{yard}: recordings with label files, 6 recordings\n" in out
    assert row(out, "crow") == ["3", "3", "2.9"]  # 0.65 + 0.6 + 1.6 s
    assert row(out, "dog bark") == ["3", "3", "1.8"]
    assert any("no test split" in line for line in after("missing", out))
    # As many labels of either, in as many recordings: one of each in validation.
    assert after("what would help most", out) == [
        f"event {event} has 1 label in validation: its recall is known to within 0.45 there; with four times as many "
        "to within 0.35"
        for event in ("crow", "dog bark")
    ]
    (time,) = (line for line in out.splitlines() if line.startswith("the search below trains for "))
    assert "smallest, default and largest student took for a moment" in time
    check, searching, detecting = after("next", out)
    assert shlex.split(check) == ["sedkd", "data", "check", str(yard)]
    assert main.main(shlex.split(check)[1:]) == 0
    options = search.parser().parse_args(shlex.split(searching)[1:])
    assert (options.env, options.data, options.trials, options.steps) == ("ann's yard", [yard], 50, 600)
    export, detect = (shlex.split(part) for part in detecting.split(" && "))
    assert export[1:] == ["export", "--env", "ann's yard", "--pick", "knee", "--out", "ann's yard-knee"]
    assert detect[1:] == ["detect", "ann's yard-knee", str(yard)]


def test_what_there_is_least_of(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(yard / "yard5.txt", ["0.2\t0.4\tcough", "0.5\t0.7\tcough"])
    (yard / "later.wav").unlink()
    out = told(capsys, yard)
    assert row(out, "cough") == ["2", "1", "0.4"]
    assert after("what would help most", out)[:2] == [
        "event cough has 2 labels in 1 recording, the fewest: label more of it first",
        "event cough has 2 labels in 1 recording, which trains or validates, but not both: label it in another "
        "recording",
    ]
    assert "ann's yard: no recordings without labels, which the teacher would label" in after("missing", out)


def test_options_are_handed_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tut.write_2017(tmp_path / "tut")
    out = told(capsys, root, "--fold", "3", "--dataset", "tut2017")
    check, searching, _ = after("next", out)
    assert check == f"sedkd data check --dataset tut2017 --fold 3 {root}"
    assert searching == f"sedkd-search --env street --data {root} --dataset tut2017 --fold 3 --trials 50 --steps 600"
    assert sum(int(row(out, event)[0]) for event in ("car", "people walking")) < 8  # those of test stay unread


def test_the_generic_folder_is_written(yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, yard, "--out", tmp_path / "generic")
    assert opened([tmp_path / "generic"])[0].name == "folder"
    assert after("next", out)[0] == f"sedkd data check {tmp_path / 'generic'}"
    again = told(capsys, tmp_path / "generic")
    assert row(again, "crow") == row(out, "crow") == ["3", "3", "2.9"]


def test_what_was_measured_before(yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(str(tmp_path / "runs"))
    invented_study(parse("f1_segment,macs"), 10, storage=store.storage.trials(), environment="ann's yard")
    for used, score in ((3, 0.2), (6, 0.3)):
        arm = {
            "name": "aware",
            "test": {"f1_segment": {"seeds": [score, score]}},
            "per_class": {event: {"f1_segment": score} for event in ("crow", "dog bark")},
        }
        facts = {"environment": "ann's yard", "data": str(yard), "architecture": "separable 8x3", "seeds": 2}
        facts |= {"strategy": "response", "steps": 600, "criterion": "f1_segment", "events": ["crow", "dog bark"]}
        facts["labelled"] = {"used": used}
        write_json(store.root / "comparisons" / f"yard-{used}" / "comparison.json", facts | {"arms": [arm]})
    out = told(capsys, yard, "--store", store.root)
    clips, labels, trials = after("what would help most", out)[-3:]
    assert clips.startswith("twice the labelled clips brought +10.0 [+10.0, +10.0] points of segment F1 on test (3 and")
    assert labels.startswith("20 more labels of crow, which has 3: about +29.4 points of its F1, if ")  # log2(23 / 3)
    assert trials.startswith("the last 5 of the 10 students of study farm-123abc raised the best f1_segment by ")
    # 10 s for 150 steps each; 50 students of 150 steps, and 13 of 450 more.
    assert "the search below trains for about 15 min here, as the 10 students of study farm-123abc took" in out


def test_a_store_without_studies_or_one_that_is_damaged_is_said(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(None)
    store.storage.trials()
    out = told(capsys, yard)
    assert "no earlier study to go by: " in out
    assert "took for a moment" in out
    (store.root / "optuna.db").write_bytes(b"no database")
    assert "no earlier study to go by: " in told(capsys, yard)


def test_several_environments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, name in enumerate(("farm", "yard")):
        write_environment(tmp_path / "own", name, seed)
    out = told(capsys, tmp_path / "own")
    assert after("next", out)[1].startswith(f"sedkd-search --env farm --data {tmp_path / 'own'} ")
    assert out.endswith("--env also takes yard\n")
    assert {line.partition(": ")[0] for line in after("what would help most", out)} == {"farm", "yard"}


def test_what_must_be_mended(yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (yard / "yard1.wav").write_bytes(b"no audio")
    out = told(capsys, yard, "--out", tmp_path / "generic", code=1)
    assert "yard1.wav: cannot be read as audio" in after("to mend first", out)[0]
    assert not (tmp_path / "generic").exists()


def test_mistakes(yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def line_of(*words: str | Path) -> str:
        assert main.main(["init", *map(str, words)]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        (line,) = said.err.splitlines()
        return line

    assert line_of(tmp_path / "nowhere").endswith("nowhere: no such folder")
    (tmp_path / "empty").mkdir()
    assert line_of(tmp_path / "empty").endswith(f"holds no audio ({', '.join(AUDIO_SUFFIXES)})")
    (tmp_path / "labels").mkdir()
    for path in yard.glob("*.txt"):
        shutil.move(path, tmp_path / "labels")
    assert line_of(tmp_path / "labels").endswith("name the folder that holds both")
    assert "yard1.txt, but no audio" in line_of(tmp_path / "labels")
    assert f"{yard}: holds 6 recordings, such as {yard}/later.wav, but no labels (Praat TextGrid, " in line_of(yard)
    (yard / "labels.txt").write_text("0.1 0.9 crow\n")
    assert "labels.txt, line 1: no label file that sedkd knows (its first line is '0.1 0.9 crow')" in line_of(yard)
    (yard / "labels.txt").unlink()
    assert line_of(yard, "--copy").endswith("--copy: says how --out is written; add --out DIR")


@needs_postgres
def test_what_comes_next_is_said_without_a_servers_password(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with server() as made:
        out = told(capsys, yard, "--storage", made.address)
    password = make_url(made.address).password
    assert password
    assert password not in out
    assert "***@" in out

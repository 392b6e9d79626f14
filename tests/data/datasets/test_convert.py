"""`sedkd data convert`: what it writes is what was there, and a search reads it."""

from pathlib import Path

import pytest
from datasets import desed, labels, maestro, tut
from datasets.sound import write_sound

from search.cli import main
from sedkd.data.datasets.opening import opened, pool_of
from sedkd.data.events import Event, read_annotations


def converted(capsys: pytest.CaptureFixture[str], root: Path, out: Path, *more: str) -> str:
    assert main.main(["data", "convert", str(root), "--out", str(out), *more]) == 0
    return capsys.readouterr().out


def test_audacity_to_the_generic_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = labels.write_beside(tmp_path / "yard", labels.audacity, ".txt")
    write_sound(root / "later" / "free.wav", [], 1)
    said = converted(capsys, root, tmp_path / "out" / "generic")
    assert "audio is linked to" in said
    assert "yard, unlabeled: 1 recording\n" in said
    yard = tmp_path / "out" / "generic" / "yard"
    found = read_annotations(yard / "train.tsv") | read_annotations(yard / "validation.tsv")
    assert found == {f"{name}.wav": [Event(*row) for row in sorted(rows)] for name, rows in labels.ROWS.items()}
    assert (yard / "unlabeled" / "free.wav").resolve() == root / "later" / "free.wav"
    assert opened([tmp_path / "out" / "generic"])[0].name == "folder"
    assert main.main(["data", "check", str(tmp_path / "out" / "generic")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["generic"]


def test_copies_and_a_test_split_that_stays_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = converted(capsys, tut.write_2017(tmp_path / "tut"), tmp_path / "my out", "--copy")
    assert f"look at it: sedkd data check '{tmp_path}/my out'\n" in said
    assert "audio is copied" in said
    street = tmp_path / "my out" / "street"
    assert not (street / "test" / "b005.wav").is_symlink()
    assert read_annotations(street / "test.tsv")["b006.wav"] == [Event(0.6, 1.2, "people walking")]
    splits = [set(read_annotations(street / f"{split}.tsv")) for split in ("train", "validation", "test")]
    assert sum(map(len, splits)) == len(set.union(*splits)) == 6


def test_weak_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    converted(capsys, desed.write(tmp_path / "desed"), tmp_path / "out")
    lines = (tmp_path / "out/domestic/weak.tsv").read_text().splitlines()
    assert "Yweak1_0.000_10.000.wav\tSpeech,Dog" in lines
    assert main.main(["data", "check", str(tmp_path / "out")]) == 0


def test_where_it_may_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = labels.write_beside(tmp_path / "yard", labels.audacity, ".txt")
    for out, message in ((root / "out", "lies in the folder that is converted"), (tmp_path, "is not empty")):
        assert main.main(["data", "convert", str(root), "--out", str(out)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
    (root / "yard1.wav").write_bytes(b"no audio")
    assert main.main(["data", "convert", str(root), "--out", str(tmp_path / "new")]) == 2
    assert "yard1.wav: cannot be read as audio" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["yard"]


def test_events_stay_events_and_classes_without_scores_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """MAESTRO writes wind_blowing for an event and leaves doors out of its scores."""
    root = tmp_path / "maestro"
    scores = {"car": (0.9, 0.1), "wind_blowing": (0.1, 0.8), "door opens/closes": (0.9, 0.9)}
    for number in range(3):
        stem = f"city_center_0{number}"
        write_sound(root / "development_audio/city_center" / f"{stem}.wav", [], 800 + number)
        maestro.write_annotation(root, "city_center", stem, scores)
    said = converted(capsys, root, tmp_path / "out")
    assert "labels that it leaves out of its scores are not written: door opens/closes (" in said
    before, after = (pool_of([folder], {}, "city_center") for folder in (root, tmp_path / "out"))
    assert before.environments["city_center"].events == after.environments["city_center"].events
    assert [r.events for r in before.training("city_center")] == [r.events for r in after.training("city_center")]

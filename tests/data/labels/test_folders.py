"""Folders of recordings with label files: splits, environments, what a check says, what a search is given."""

import json
import shutil
from pathlib import Path

import pytest
from datasets import labels
from datasets.sound import write_sound, write_text

from search.cli import main
from sedkd.data.datasets.opening import names_of, opened, pool_of


def splits_of(root: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for clip in opened([root])[0].clips:
        found.setdefault(clip.split, set()).add(clip.path.stem)
    return found


def test_without_splits_validation_is_held_out_by_recording_and_the_rest_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = labels.write_beside(tmp_path / "yard", labels.audacity, ".txt")
    write_sound(root / "later.wav", [], 1)
    write_text(root / "notes.txt", ["bought a new microphone"])
    pools = [pool_of([root], {}, "yard") for _ in range(2)]
    training, validation = pools[0].training("yard"), pools[0].validation("yard")
    assert pools[0].environments["yard"].events == ("crow", "dog bark")
    assert len(training) + len(validation) == 5
    assert validation
    assert validation == pools[1].validation("yard")
    assert [r.path.name for r in pools[0].unlabeled("yard")] == ["later.wav"]
    assert main.main(["data", "check", str(root)]) == 0
    out = capsys.readouterr().out
    assert "  yard1.txt: Audacity label track, of yard1.wav, 2 labels\n" in out
    assert "  yard4.txt: Audacity label track, of yard4.wav, 0 labels\n" in out
    assert "  notes.txt: no label file\n" in out
    assert f"note: yard: no split is made: about a fifth of the labelled recordings validates, always the same; for a test, put recordings of other days or places into {root}/test\n" in out  # fmt: skip # noqa: E501
    assert f"note: yard: 1 recordings have no labels and count as unlabelled, such as {root}/later.wav" in out


@pytest.mark.parametrize("apart", [False, True])
def test_folders_called_like_splits(apart: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat, root = labels.write_beside(tmp_path / "flat", labels.raven, ".Table.1.selections.txt"), tmp_path / "yard"
    for name, split in zip(labels.ROWS, ("train", "Train", "valid", "eval", "unlabelled"), strict=True):
        for path in flat.glob(f"{name}.*"):
            kind = ("audio" if path.suffix == ".wav" else "selections") if apart else ""
            (root / kind / split).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / kind / split)
    if not apart:
        (root / "unlabelled/yard5.Table.1.selections.txt").unlink()
    assert splits_of(root) == {
        "train": {"yard1", "yard2"}, "validation": {"yard3"}, "test": {"yard4"}, "unlabeled": {"yard5"}
    }  # fmt: skip
    main.main(["data", "check", str(root), "--json"])
    (one,) = json.loads(capsys.readouterr().out)["datasets"]
    (line,) = [line for line in one["files"] if "yard4" in line]
    assert line.endswith("of " + ("audio/" if apart else "") + "eval/yard4.wav")  # no number of labels: sealed


def test_tables_called_like_splits(tmp_path: Path) -> None:
    root = tmp_path / "yard"
    labels.write_recordings(root / "audio")
    names = list(labels.ROWS)
    for split, part in (("train", names[:2]), ("validation", names[2:4]), ("test", names[4:])):
        labels.excel(root / f"{split}.csv", {f"{name}.wav": labels.ROWS[name] for name in part})
    found = splits_of(root)
    assert (found["train"], found["validation"], found["test"]) == ({*names[:2]}, {*names[2:4]}, {*names[4:]})


@pytest.mark.parametrize("name", ["{}.csv", "{}_labels.csv"])
def test_the_same_name_in_several_splits(name: str, tmp_path: Path) -> None:
    root = tmp_path / "yard"
    for number, split in enumerate(("train", "validation")):
        write_sound(root / split / "1.wav", [(0.1, 1.0, "crow")], number)
        labels.excel(root / name.format(split), {"1.wav": [(0.1, 1.0, "crow")]})
    assert splits_of(root) == {"train": {"1"}, "validation": {"1"}}


def test_several_environments(tmp_path: Path) -> None:
    for name in ("farm", "coast"):
        root = tmp_path / "sites" / name
        labels.write_recordings(root / "train", {"yard1": labels.ROWS["yard1"]})
        labels.audacity(root / "train/yard1.txt", labels.ROWS["yard1"])
        labels.write_recordings(root / "validation", {"yard3": labels.ROWS["yard3"]})
        labels.audacity(root / "validation/yard3.txt", labels.ROWS["yard3"])
        write_sound(root / "unlabeled" / "free.wav", [], 9)
    assert sorted(names_of([tmp_path / "sites"])) == ["coast", "farm"]
    assert names_of([tmp_path / "sites" / "farm"]) == ["farm"]


def test_paths_of_another_machine_and_recordings_that_were_converted(tmp_path: Path) -> None:
    root = tmp_path / "yard"
    for day in ("mo", "tu"):
        labels.write_recordings(root / day, {"yard1": labels.ROWS["yard1"]}, ".flac")
    lines = ["begin time;end time;file;label", "0,5;1;D:\\rec\\tu\\yard1.WAV;crow", "0,25;1;/mnt/rec/mo/yard1;dog"]
    write_text(root / "table.csv", lines)
    (dataset,) = opened([root])
    got = {clip.path.parent.name: (dataset.annotation(clip).events or ())[0][1].event_label for clip in dataset.clips}
    assert got == {"mo": "dog", "tu": "crow"}


def test_detections_of_a_model_are_called_so(tmp_path: Path) -> None:
    root = labels.write_one(tmp_path / "yard", labels.birdnet, "yard.csv")
    assert "yard: BirdNET's detections count as truth: listen to them first" in pool_of([root], {}, "yard").notices


def test_a_folder_for_each_event_with_the_same_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each label file tells one event of what both copies hold: no label is lost, and none counts twice."""
    for event in ("crow", "dog bark"):
        labels.write_recordings(tmp_path / "yard" / event)
        for name, rows in labels.ROWS.items():
            both = [row for row in rows if row[2] == event] + [(0.1, 0.2, "wind")]
            labels.audacity(tmp_path / "yard" / event / f"{name}.txt", both)
    pool = pool_of([tmp_path / "yard"], {}, "yard")
    recordings = [*pool.training("yard"), *pool.validation("yard")]
    expected = {f"{name}.wav": sorted([*rows, (0.1, 0.2, "wind")]) for name, rows in labels.ROWS.items()}
    assert {
        one.path.name: sorted((e.onset, e.offset, e.event_label) for e in one.events or ()) for one in recordings
    } == expected
    assert len(recordings) == 5
    assert any("of names in the same split the labels count together" in notice for notice in pool.notices)
    assert main.main(["data", "convert", str(tmp_path / "yard"), "--out", str(tmp_path / "out")]) == 0
    tables = "".join((tmp_path / "out" / "yard" / f"{split}.tsv").read_text() for split in ("train", "validation"))
    assert tables.count("\tcrow\n") == 3
    assert tables.count("\tdog bark\n") == 3
    assert tables.count("\twind\n") == 5


def test_an_event_is_called_as_it_mostly_is(tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard")
    for name, spelling in zip(labels.ROWS, ("crow", "crow", "CROW", "Crow", "crow"), strict=True):
        labels.audacity(tmp_path / "yard" / f"{name}.txt", [(0.1, 0.5, spelling)])
    assert pool_of([tmp_path / "yard"], {}, "yard").environments["yard"].events == ("crow",)


@pytest.mark.parametrize("name", ["{}_labels.csv", "labels-{}.csv", "{} annotations.csv"])
def test_tables_called_like_splits_and_what_they_hold(name: str, tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard")
    names = list(labels.ROWS)
    for split, part in (("train", names[:3]), ("test", names[3:])):
        labels.excel(tmp_path / "yard" / name.format(split), {f"{one}.wav": labels.ROWS[one] for one in part})
    found = splits_of(tmp_path / "yard")
    assert (found["train"], found["test"]) == ({*names[:3]}, {*names[3:]})


def test_labels_that_mean_a_recording_in_another_folder_are_told(tmp_path: Path) -> None:
    for place in ("day1/1", "day2/1", "day2/2"):
        write_sound(tmp_path / "yard" / f"{place}.wav", [(0.1, 1.0, "crow")], len(place))
    rows = {f"{place}.wav": [(0.1, 1.0, "crow")] for place in ("day1/1", "day2/1", "day1/2")}
    labels.excel(tmp_path / "yard" / "labels.csv", rows)
    which = f"such as {tmp_path}/yard/day2/2.wav for day1/2.wav"
    told = f"1 recordings are found by name alone, in folders called otherwise, {which}"
    assert sum(line.startswith(told) for line in opened([tmp_path / "yard"])[0].notices) == 1
    # What lies in one folder here may have lain in others where the table was written.
    for place in ("1", "2"):
        write_sound(tmp_path / "flat" / f"{place}.wav", [(0.1, 1.0, "crow")], len(place))
    labels.excel(tmp_path / "flat" / "labels.csv", {"day1/1.wav": rows["day1/1.wav"], "day2/2.wav": rows["day1/2.wav"]})
    assert not any("by name alone" in line for line in opened([tmp_path / "flat"])[0].notices)


def test_labels_beside_a_recording_that_is_missing_are_told(tmp_path: Path) -> None:
    for place in ("day1/1", "day2/2"):
        write_sound(tmp_path / "yard" / f"{place}.wav", [(0.1, 1.0, "crow")], len(place))
        write_text(tmp_path / "yard" / f"day1/{place[-1]}.txt", ["0.1\t1.0\tcrow"])
    (line,) = [line for line in opened([tmp_path / "yard"])[0].notices if "by name alone" in line]
    assert f"such as {tmp_path}/yard/day2/2.wav for day1/2.txt: are they the same?" in line


def test_the_line_of_a_recording_that_is_missing_is_told(tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard")
    rows = [f"{name}.wav,0,1,{label}" for name, label in (("yard1", "crow"), ("yard2", "crow"), ("day1/ard2", "dog"))]
    write_text(tmp_path / "yard/table.csv", ["file,start,end,label", *rows, "ard2.wav,0,1,dog"])
    told = (
        f"{tmp_path}/yard/table.csv: 2 listed recordings are missing, such as day1/ard2.wav (line 4); the rest is used"
    )
    assert told in pool_of([tmp_path / "yard"], {}, "yard").notices


def test_labels_in_a_folder_of_unlabelled_recordings_are_told(tmp_path: Path) -> None:
    root = labels.write_beside(tmp_path / "yard", labels.audacity, ".txt")
    (root / "unlabeled").mkdir()
    for path in root.glob("yard5.*"):
        path.rename(root / "unlabeled" / path.name)
    told = f"yard: 1 labelled recordings lie in a folder of unlabelled ones, such as {root}/unlabeled/yard5.wav"
    assert sum(line.startswith(told) for line in opened([root])[0].notices) == 1

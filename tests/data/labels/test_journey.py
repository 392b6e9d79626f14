"""From a folder of label files to detections in the same format: check, search, export, detect, read back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import labels

from search.cli import main, search
from sedkd.data.datasets.opening import opened
from sedkd.models.checkpoint import save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

SPACE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.depth: {type: int, low: 2, high: 2}
  strategy: {type: choice, of: [response], default: response}
"""


Writer = Callable[[Path], Path]


def each(write: Callable[..., None], suffix: str) -> Writer:
    """A label file beside every recording."""
    return lambda root: labels.write_beside(root, write, suffix)


def one(write: Callable[..., None], name: str) -> Writer:
    """One table of all recordings."""
    return lambda root: labels.write_one(root, write, name)


# How labels come, and as what detections go back: nothing writes TextGrid, ELAN, Kaleidoscope or BirdNET.
JOURNEYS = {
    "audacity": (each(labels.audacity, ".txt"), "audacity", "--per-file"),
    "raven": (one(labels.raven_of_several, "day.selections.txt"), "raven", "found.selections.txt"),
    "spreadsheet": (one(labels.excel, "table.csv"), "csv", "found.csv"),
    "textgrid": (each(labels.textgrid, ".TextGrid"), "raven", "found.selections.txt"),
    "elan": (each(labels.elan, ".eaf"), "audacity", "--per-file"),
    "kaleidoscope": (one(labels.kaleidoscope, "id.csv"), "csv", "found.csv"),
    "birdnet": (one(labels.birdnet, "BirdNET_CombinedTable.csv"), "tsv", "found.tsv"),
}


@pytest.mark.datasets
@pytest.mark.slow
@pytest.mark.parametrize("name", JOURNEYS)
def test_from_labels_to_detections(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer, form, out_name = JOURNEYS[name]
    root, store, out = writer(tmp_path / "yard"), str(tmp_path / "runs"), str(tmp_path / "student")
    (tmp_path / "space.yaml").write_text(SPACE)
    save_model(Student(StudentSettings(8, 2), ("crow", "dog bark")), tmp_path / "teacher.safetensors")
    assert main.main(["data", "check", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    words = ["--env", "yard", "--data", str(root), "--teacher", str(tmp_path / "teacher.safetensors"), "--trials", "2"]
    assert search.main([*words, "--steps", "2", "--space", str(tmp_path / "space.yaml"), "--store", store]) == 0
    assert main.main(["export", "--env", "yard", "--pick", "best", "--out", out, "--store", store]) == 0
    heard = tmp_path / "heard"
    audio = sorted(root.rglob("*.wav"))
    # Two steps may teach it nothing to hear: of this event something is heard whatever it learnt.
    detect = ["detect", out, *map(str, audio), "--threshold", "crow=0.001"]
    into = ["--per-file", "--out", str(heard)] if out_name == "--per-file" else ["--out", str(heard / out_name)]
    assert main.main([*detect, "--format", form, *into]) == 0
    capsys.readouterr()
    assert main.main(detect) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
    assert {row[3] for row in rows} >= {"crow"}
    for path in audio:
        (heard / path.name).symlink_to(path)
    (dataset,) = opened([heard])
    found = [
        (str(clip.path.resolve()), event.event_label, event.onset, event.offset)
        for clip in dataset.clips
        if clip.table
        for _, event in dataset.annotation(clip).events or ()
    ]
    wanted = [(name, label, float(onset), float(offset)) for name, onset, offset, label, *_ in rows]
    for got, row in zip(sorted(found), sorted(wanted), strict=True):
        assert got[:2] == row[:2]
        assert got[2:] == pytest.approx(row[2:], abs=0.001)

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


def one_audacity_track_each(root: Path) -> Path:
    return labels.write_beside(root, labels.audacity, ".txt")


def one_raven_table(root: Path) -> Path:
    return labels.write_one(root, labels.raven_of_several, "day.selections.txt")


def one_spreadsheet(root: Path) -> Path:
    return labels.write_one(root, labels.excel, "table.csv")


@pytest.mark.datasets
@pytest.mark.parametrize(
    ("writer", "form", "more"),
    [
        (one_audacity_track_each, "audacity", ("--per-file",)),
        pytest.param(one_raven_table, "raven", (), marks=pytest.mark.slow),
        pytest.param(one_spreadsheet, "csv", (), marks=pytest.mark.slow),
    ],
)
def test_from_labels_to_detections(
    writer: Callable[[Path], Path],
    form: str,
    more: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
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
    names = [str(path) for path in audio]
    table = heard / ("" if more else {"raven": "found.selections.txt", "csv": "found.csv"}[form])
    assert main.main(["detect", out, *names, "--format", form, *more, "--out", str(table)]) == 0
    capsys.readouterr()
    assert main.main(["detect", out, *names]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
    for path in audio:
        (heard / path.name).symlink_to(path)
    if not rows:
        pytest.skip("two steps taught it nothing to hear")
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

"""Rows of the recorded tables: each is of the configuration that is drawn for it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.record_curves import _record
from benchmarks.record_rungs import record
from search.setup.identity import VERSION

TASK: Any = SimpleNamespace(clips_digest="a", foreign_digest="b", teachers=[])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"configuration": {"student.width": 4}, "training": VERSION}, "of other draws"),
        ({"configuration": {"student.width": 8}, "training": VERSION, "material": "x"}, "of other recordings, labels"),
        ({"configuration": {"student.width": 8}, "training": VERSION - 1}, "as another version trains"),
    ],
)
def test_a_row_of_something_else_is_not_gone_on_with(row: dict[str, Any], message: str, tmp_path: Path) -> None:
    target = tmp_path / "row-0000-0.json"
    target.write_text(json.dumps({"rungs": [], **row}))
    with pytest.raises(SystemExit, match=message):
        record(target, {"student.width": 8}, 1e5, TASK, (150,), 0)
    assert json.loads(target.read_text())["configuration"] == row["configuration"]


def test_nor_is_a_curve_of_other_draws_taken(tmp_path: Path) -> None:
    target = tmp_path / "row-0000.json"
    target.write_text(json.dumps({"configuration": {"student.width": 4}}))
    with pytest.raises(SystemExit, match="of other draws"):
        _record(target, {"student.width": 8}, TASK)

"""How long a search is told to train."""

from pathlib import Path

import pytest
from invented_study import invented_study

from search.setup.pace import ENOUGH, Pace, measured_pace, studied_pace, training_seconds
from search.study.objectives import parse

OBJECTIVES = parse("f1_segment,macs")


def test_rung_by_rung() -> None:
    pace = Pace(0.1, "")
    assert training_seconds(50, 150, pace) == pytest.approx(50 * 15)
    # 13 go on by 450 steps, 4 of them by 1800.
    assert training_seconds(50, 2400, pace) == pytest.approx(50 * 15 + 13 * 45 + 4 * 180)


def test_by_an_earlier_study() -> None:
    few, enough = invented_study(OBJECTIVES, 2), invented_study(OBJECTIVES, ENOUGH, stopped=3)
    records = [m.record for m in enough.finished()] + [s.record for s in enough.ended_early()]
    pace = studied_pace([few, enough])
    assert pace is not None
    assert pace.seconds == sum(r.seconds for r in records) / sum(r.curve[-1]["step"] for r in records)
    assert pace.known_by == f"as the {ENOUGH + 3} students of study farm-123abc took"
    assert studied_pace([few]) is studied_pace([]) is None


def test_measured_once(cache: Path) -> None:
    first = measured_pace()
    assert first.seconds > 0
    assert "on this machine's c" in first.known_by  # cpu or cuda
    (kept,) = (cache / "speeds").glob("pace-*.json")
    kept.write_text(kept.read_text().replace(str(first.seconds), "12.5"))
    assert measured_pace().seconds == 12.5

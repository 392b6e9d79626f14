"""How long a search is told to train."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from invented_study import invented_study

from search.setup import pace as pace_module
from search.setup.pace import ENOUGH, Pace, measured_pace, studied_pace, training_seconds
from search.study.objectives import parse
from sedkd.errors import SedkdWarning

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


def no_folder(cache: Path) -> None:
    (cache / "speeds").write_text("in the way")


def no_file(cache: Path) -> None:
    """As on a full disk: the lock is there, the file cannot be written."""
    (cache / "speeds").mkdir()


@pytest.mark.parametrize(("spoil", "why"), [(no_folder, "File exists|Not a directory"), (no_file, "Permission denied")])
def test_told_where_it_cannot_be_kept(
    spoil: Callable[[Path], None], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    measured: list[Pace] = []
    monkeypatch.setattr(pace_module, "_measured", lambda _: measured.append(Pace(0.5, "here")) or measured[-1])
    spoil(tmp_path)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.warns(
        SedkdWarning, match=rf"pace-\w+\.json: cannot be kept \(({why})\), so the pace is measured again"
    ):
        assert measured_pace() == Pace(0.5, "here")
    assert len(measured) == 1

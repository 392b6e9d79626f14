"""ELAN's files: tiers, time slots, and what is refused. That they are read as written: test_readers.py."""

from pathlib import Path

import pytest
from datasets import labels

from search.cli import main
from sedkd.data.labels.label_format import OWN
from sedkd.data.labels.registry import format_of
from sedkd.errors import UserError

SECOND = """    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="notes">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a9" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>wind
                    &amp; rain</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
"""
BOMB = '<!DOCTYPE x [<!ENTITY a "crow"><!ENTITY b "&a;&a;">]>'
ROWS = labels.ROWS["yard1"]


def read(path: Path, tier: str | None = None) -> list[tuple[int, float, float, str]]:
    form = format_of(path)
    assert form is not None
    assert form.name == "elan"
    return [(line, e.onset, e.offset, e.event_label) for line, e in form.open(path).read(tier)[OWN].events or ()]


def test_a_tier_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    labels.elan(path, ROWS, SECOND)
    assert [row[1:] for row in read(path, "Events")] == list(ROWS)
    ((line, *event),) = read(path, "notes")
    assert event == [0.9, 1.0, "wind & rain"]
    assert 'ANNOTATION_ID="a9"' in path.read_text().splitlines()[line - 1]
    with pytest.raises(UserError, match=r"which tier holds the labels\? Say --label-column, one of: events, notes$"):
        read(path)
    with pytest.raises(UserError, match="--label-column certainty: no such interval tier; there are: events, notes"):
        read(path, "certainty")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    labels.elan(path, [(0.25, 0.9, "Krähe <laut>")])
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    assert [row[1:] for row in read(path)] == [(0.25, 0.9, "Krähe <laut>")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("?>", f"?>{BOMB}", "line 1: holds a DOCTYPE, which ELAN does not write: refused"),
        ('TIME_UNITS="milliseconds"', 'TIME_UNITS="PAL-frames"', "line 5: times in PAL-frames, not milliseconds"),
        (
            'MIME_TYPE="',
            'TIME_ORIGIN="1500" MIME_TYPE="',
            "line 6: times count from 1500 ms within file:///D:/rec/a.wav",
        ),
        ('"ts2" TIME_VALUE="900"', '"ts2"', "line 17: annotation a1 has no time of its own (ts2): set its limits"),
        ('TIME_VALUE="900"', 'TIME_VALUE="0.9"', "line 17: time slot ts2 is '0.9', no number of milliseconds"),
        ('TIME_VALUE="900"', 'TIME_VALUE="100"', "line 17: offset 0.1 lies before onset 0.25: swap the two"),
        (">crow<", "><", "line 17: the label is empty: fill it in or remove the line"),
        ('TIME_SLOT_REF2="ts2"', "", "line 17: TIME_SLOT_REF2 is missing: save it anew with ELAN"),
        ("</ANNOTATION_DOCUMENT>", "", "no whole XML (no element found): save it anew with ELAN"),
        ('_REF="default-lt"', '_REF="sure"', "holds no tier with times of its own: annotate in ELAN"),
    ],
)
def test_mistakes(old: str, new: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = labels.write_beside(tmp_path / "yard", labels.elan, ".eaf")
    path = root / "yard1.eaf"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    assert main.main(["data", "check", str(root)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {path}")
    assert message in line

"""Praat's TextGrids, long or short: the intervals of one tier; an interval without text is silence. Points are left
out, with a warning.

The format is a stream of numbers, texts in double quotes (doubled within them) and flags, between which anything may
stand that is none of these (Praat's manual, "TextGrid file formats").
"""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.datasets.rows import NOTHING, event_of
from sedkd.data.labels.label_format import OWN, LabelFile, LabelFormat, annotations, of_one_recording, whole_text
from sedkd.data.labels.tiers import Tier, chosen
from sedkd.data.table import file_bytes
from sedkd.errors import RowWarning, UserError

TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?!\S)|<exists>')
AT_ONCE = 0.01  # seconds that a file may begin late: no event is told so exactly
SHOWN = 40  # characters of what is out of place
INTERVALS, POINTS = "IntervalTier", "TextTier"


def matches(head: Sequence[str]) -> bool:
    return "ooTextFile" in head[0] or "ooBinaryFile" in head[0] or "TextGrid" in "".join(head[:2])


def opened(path: Path) -> LabelFile:
    """The labels are those of the tier that is named, of the only interval tier where none is."""
    return LabelFile(
        of_one_recording,
        lambda tier: _read(path, tier),
        lambda tier: _tier(path, _tiers(path), tier).name,
    )


def _read(path: Path, asked: str | None) -> dict[str, Annotation]:
    tiers = _tiers(path)
    tier = _tier(path, tiers, asked)
    points = next((other for kind, other in tiers if kind == POINTS and other.lines), None)
    if points is not None:
        told = (
            f"{path}: the points of the tier {points.name!r} have no length, and are left out: mark intervals in Praat"
        )
        warnings.warn(told if tier.lines else f"{told}{NOTHING}", RowWarning, stacklevel=2)
    return annotations({OWN: tier.lines})


def _tier(path: Path, tiers: Sequence[tuple[str, Tier]], asked: str | None) -> Tier:
    intervals = [tier for kind, tier in tiers if kind == INTERVALS]
    if not intervals:
        raise UserError(f"{path}: holds no interval tier: points have no length; mark intervals in Praat")
    return chosen(path, intervals, asked, "Praat")


def _tiers(path: Path) -> list[tuple[str, Tier]]:
    """The tiers, each with its kind; the labels of points have no length."""
    if b"ooBinaryFile" in file_bytes(path)[:20]:
        raise UserError(f"{path}: is a binary TextGrid: in Praat, Save as text file")
    tokens = _Tokens(path)
    if tokens.text() != "ooTextFile" or tokens.text() != "TextGrid":
        raise UserError(f"{path}, line 1: no TextGrid in Praat's text format: in Praat, Save as text file")
    begins = tokens.number()
    if abs(begins) > AT_ONCE:
        raise UserError(
            f"{path}, line {tokens.line}: its times begin at {begins:g} s, those of a recording at 0: in Praat, "
            "Modify, Shift times to..., start time 0, if it is of a part that was extracted with its times preserved"
        )
    tokens.number()  # the end, as in every tier
    tiers = []
    for _ in range(tokens.count()):
        kind, name = tokens.text(), tokens.text()
        if kind not in (INTERVALS, POINTS):
            raise UserError(f"{path}, line {tokens.line}: {kind!r} is no kind of tier: in Praat, Save as text file")
        tokens.number()
        tokens.number()
        points, lines = kind == POINTS, []
        for _ in range(tokens.count()):
            begin = tokens.number()
            end = begin if points else tokens.number()
            label = tokens.text().strip()
            if label:
                cells = (repr(begin), repr(end), " ".join(label.split()))
                lines.append((tokens.line, event_of(cells, f"{path}, line {tokens.line}")))
        tiers.append((kind, Tier(name, tuple(lines))))
    return tiers


class _Tokens:
    """The numbers and texts of a file one by one; `line` is that of the last one."""

    def __init__(self, path: Path) -> None:
        self.path, self.line, self._at = path, 1, 0
        self._content = whole_text(path).replace("\r\n", "\n").replace("\r", "\n")
        self._matches = (found for found in TOKEN.finditer(self._content) if found[0] != "<exists>")

    def text(self) -> str:
        found = self._next()
        if found[1] is None:
            raise self._misplaced(found, "a text in quotes")
        return found[1].replace('""', '"')

    def number(self) -> float:
        found = self._next()
        if found[2] is None:
            raise self._misplaced(found, "a number")
        return float(found[2])

    def count(self) -> int:
        found = self._next()
        if found[2] is None or not found[2].isdigit():
            raise self._misplaced(found, "a count")
        return int(found[2])

    def _misplaced(self, found: re.Match[str], wanted: str) -> UserError:
        shown = " ".join(found[0].split())[:SHOWN]
        return UserError(f"{self.path}, line {self.line}: {shown} where {wanted} belongs: save it again in Praat")

    def _next(self) -> re.Match[str]:
        found = next(self._matches, None)
        if found is None:
            last = self._content.count("\n") + 1
            raise UserError(f"{self.path}, line {last}: the file breaks off: save it again in Praat")
        self.line += self._content.count("\n", self._at, found.start())
        self._at = found.start()
        return found


FORMAT = LabelFormat("textgrid", "Praat TextGrid", (".textgrid",), matches, opened)

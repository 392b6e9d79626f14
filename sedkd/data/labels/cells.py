"""Tables with a header as people's programs write them: TABs, commas or semicolons, quotes, a byte order mark."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.labels.label_format import numbered_lines
from sedkd.data.table import tab_fields
from sedkd.errors import UserError

NAMES = {"\t": "TABs", ",": "commas", ";": "semicolons"}
OF_R = re.compile(r"\.\.(\w+)\.$")  # R writes `Start (s)` as `Start..s.`
UNIT = re.compile(r"[\s_.-]*[(\[]?(?:(ms|msecs?|millis|milliseconds?)|s|secs?|seconds?)[)\]]?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """A table: its header as it stands, and its rows with their lines, each as long as the header."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, place: int) -> list[tuple[int, str]]:
        """The cells of a column with their lines."""
        return [(line, row[place]) for line, row in self.rows]


def read_cells(path: Path) -> Cells:
    """The table in `path`; rows of nothing are left out, and cells that are missing at a row's end are empty.

    Raises:
        UserError: the file is empty, or a row has more cells than the header.
    """
    lines = numbered_lines(path)
    delimiter, first = _delimiter([text for _, text in lines])
    lines = lines[first:]
    if not lines:
        raise UserError(f"{path}: the file is empty: it needs a header and a row per label")
    (_, header), *rows = _split(lines, delimiter, path)
    header = [" ".join(name.split()) for name in header]
    whole = []
    for line, cells in rows:
        if any(cells[len(header) :]):
            raise UserError(
                f"{path}, line {line}: {len(cells)} fields where the header has {len(header)}: separate all of them "
                f"with {NAMES.get(delimiter, repr(delimiter))}, and nothing else; quote what holds one"
            )
        if any(cells):
            whole.append((line, tuple([*cells, *[""] * len(header)][: len(header)])))
    return Cells(path, tuple(header), tuple(whole))


def split(lines: Sequence[tuple[int, str]], path: Path | None = None) -> list[tuple[int, list[str]]]:
    """The cells of numbered lines, by the separator of the first.

    Raises:
        UserError: quotes are out of order, where the lines are those of the whole file `path`.
    """
    delimiter, first = _delimiter([text for _, text in lines])
    return _split(lines[first:], delimiter, path)


def header_of(head: Sequence[str]) -> list[str]:
    """The names of the columns in the header with which a file begins."""
    delimiter, first = _delimiter(head)
    return [cell for _, cells in _split([(1, text) for text in head[first : first + 1]], delimiter) for cell in cells]


def key_of(column: str) -> str:
    """A column's name without what programs write it differently in: `Begin Time (s)` is `begin time`, and so are
    `begin_time_seconds` and `Begin.Time..s.`."""
    plain = OF_R.sub(r" (\1)", column.casefold())
    plain = re.sub(r"\s*[(\[](s|sec|secs|seconds)[)\]]", "", plain)
    plain = re.sub(r"(?<=\w)[\s_.]+(s|sec|secs|seconds)\s*$", "", plain)
    return re.sub(r"[\s_.]+", " ", plain).strip(" *")


def squeezed(key: str) -> str:
    """A key without what parts its words: `starttime` is `start time`."""
    return re.sub(r"[\s-]+", "", key)


def time_key_of(column: str) -> tuple[str, int]:
    """The squeezed key of a column of times without their unit, and how many of these make a second: `start_ms` is
    (`start`, 1000)."""
    named = OF_R.sub(r" (\1)", column)
    unit = UNIT.search(named)
    return squeezed(key_of(named[: unit.start()] if unit else named)), 1000 if unit and unit[1] else 1


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """What parts the cells, and how many lines come before the header: a spreadsheet may say it in a line `sep=;`."""
    if not lines:
        return ",", 0
    said = re.fullmatch(r'"?sep=(.)"?', lines[0].strip(" \r\n"), re.IGNORECASE)
    if said:
        return said[1], 1
    bare = re.sub(r'"[^"]*"', "", lines[0])
    return max("\t;,", key=bare.count), 0


def _split(lines: Sequence[tuple[int, str]], delimiter: str, path: Path | None = None) -> list[tuple[int, list[str]]]:
    if delimiter == "\t":  # a quote within it is a character like any other
        return [(line, tab_fields(text)) for line, text in lines]
    # One that is not strict takes all rows up to the next quote, or the file's end, for part of a cell.
    reader = csv.reader((text + "\n" for _, text in lines), delimiter=delimiter, strict=path is not None)
    found: list[tuple[int, list[str]]] = []
    start = 0
    try:
        for cells in reader:
            found.append((lines[start][0], [cell.strip() for cell in cells]))
            start = reader.line_num
    except csv.Error:
        raise UserError(
            f"{path}, line {lines[start][0]}: a quote is not closed, or stands within a cell: put the whole cell in "
            "quotes and double those within it, or take them out"
        ) from None
    return found

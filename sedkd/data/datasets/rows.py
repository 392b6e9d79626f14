"""Rows of annotation files: from cells to events, and from events to those that a recording can hold."""

import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.events import COLUMNS, Event, clip_to, ends_beyond, require_clear_commas, seconds
from sedkd.data.table import read_plain, read_rows
from sedkd.errors import RowWarning, UserError

Read = TypeVar("Read")
Line = tuple[int, Event]
NOTHING = (
    "; none is left, and the recording counts as one in which nothing happens: give labels a length, or remove them"
)
UNIT = "; none is left: are they of this recording, and are times in seconds?"


def event_of(cells: Sequence[str], where: str) -> Event:
    """An event of the cells onset, offset and label, which blanks about it do not belong to; its length may be 0.
    UserError names `where`."""
    onset, offset, label = cells
    label = label.strip()
    begin, end = seconds(onset, "onset", where), seconds(offset, "offset", where)
    if begin < 0:
        raise UserError(f"{where}: onset {onset} is negative: times count from the start of the file")
    if end < begin:
        raise UserError(f"{where}: offset {offset} lies before onset {onset}: swap the two")
    if not label:
        raise UserError(f"{where}: the label is empty: fill it in or remove the line")
    if "\n" in label:
        first = label.split("\n")[0].strip()
        raise UserError(f"{where}: the label, {first!r} and more, goes on in the next line: is a quote not closed?")
    return Event(begin, end, label)


def later(begins: str, length: float, name: str, where: str) -> str:
    """The time so many seconds after that of the cell of a column `name`, to the microsecond: a sum of decimal
    fractions may lie a hair beyond a whole second, where segments would count one more."""
    return repr(round(seconds(begins, name, where) + length, 6))


def plain_rows(path: Path) -> Annotation:
    """The events of a file without a header: `onset offset label`, or with `filename scene` before these three.

    Columns behind them (a type and an identifier, say) are ignored, and a row with no more than filename and scene
    says that nothing happens.

    Raises:
        UserError: a row has another number of columns, or cells that are no times.
    """
    found = []
    rows = list(read_plain(path))
    require_clear_commas(path, ((line, cell) for line, fields in rows for cell in _times(fields)))
    for line, fields in rows:
        where = f"{path}, line {line}"
        if len(fields) == 3:
            found.append((line, event_of(fields, where)))
        elif len(fields) >= 5:
            if any(fields[2:5]):
                found.append((line, event_of(fields[2:5], where)))
        elif len(fields) == 4 or not fields[0].lower().endswith(".wav"):
            raise UserError(
                f"{where}: {len(fields)} columns: expected onset, offset, label, with or without filename and scene "
                "before them, separated by TABs"
            )
    return Annotation(tuple(found))


def _times(fields: Sequence[str]) -> Sequence[str]:
    return fields[:2] if len(fields) == 3 else fields[2:4]


def table_rows(path: Path, columns: Sequence[str] = COLUMNS) -> dict[str, Annotation]:
    """The events of a table with a header, by filename; `columns` name filename, onset, offset and label in it.

    A row whose onset, offset and label are empty says that nothing happens.
    """
    found: dict[str, list[Line]] = {}
    rows = list(read_rows(path, columns))
    require_clear_commas(path, ((line, row[name]) for line, row in rows for name in columns[1:3]))
    for line, row in rows:
        where = f"{path}, line {line}"
        filename, *cells = (row[column] for column in columns)
        if not filename:
            raise UserError(f"{where}: the {columns[0]} is empty: fill it in or remove the line")
        events = found.setdefault(filename, [])
        if any(cells):
            events.append((line, event_of(cells, where)))
    return {filename: Annotation(tuple(events)) for filename, events in found.items()}


def names_in(path: Path, column: str = "filename") -> list[str]:
    """The filenames that a table lists, each once, without reading anything else of it."""
    names = dict.fromkeys(row[column] for _, row in read_rows(path, (column,)))
    if "" in names:
        raise UserError(f"{path}: a {column} is empty: fill it in or remove the line")
    return list(names)


def once(read: Callable[[Path], Read]) -> Callable[[Path], Read]:
    """A reader of tables that reads each of them once."""
    return lru_cache(maxsize=None)(read)


def usable(lines: Sequence[Line], table: Path, filename: str, duration: float) -> list[Event]:
    """The events that a recording of `duration` seconds can hold, each once, cut at its end, in order.

    Those without length, those that repeat a line and those that begin after the end are dropped, with a warning for
    each of these reasons that names file and line of the first, and asks for the unit where all begin after the end.
    """
    kept: dict[Event, None] = {}  # in order
    dropped: dict[str, list[str]] = {}
    cut = [(line, event) for line, event in lines if event.onset < duration and ends_beyond(event, duration)]
    if cut:
        (line, event), more = cut[0], f", as are {len(cut) - 1} more" if len(cut) > 1 else ""
        warnings.warn(
            f"{table}, line {line}: {event.event_label!r} ends at {event.offset:g} s, after the end of {filename} "
            f"({duration:.2f} s), and is cut there{more}",
            RowWarning,
            stacklevel=2,
        )
    for line, event in lines:
        if event.onset == event.offset:
            reason = "has no length"
        elif event.onset >= duration:
            reason = f"begins after the end of {filename} ({duration:.2f} s)"
        elif event in kept:
            reason = "repeats an earlier line"
        else:
            kept[event] = None
            continue
        dropped.setdefault(reason, []).append(f"{table}, line {line}: {event.event_label!r}")
    for reason, what in dropped.items():
        more = f", with {len(what) - 1} more" if len(what) > 1 else ""
        none = "" if kept or len(what) < len(lines) else NOTHING if "length" in reason else UNIT
        warnings.warn(f"{what[0]} {reason}, dropped{more}{none}", RowWarning, stacklevel=2)
    return clip_to(list(kept), duration)

"""Sound events and the tables that list them: reading, writing, merging, clipping."""

import math
import re
import warnings
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.table import read_rows, require_plain
from sedkd.disk.paths import written_atomically
from sedkd.errors import SedkdWarning, UserError

COLUMNS = ("filename", "onset", "offset", "event_label")
BEYOND_SECONDS = 1.0  # after a file's end, from which on a time is no matter of rounding or padding
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
CLOCK = re.compile(r"(?:(?P<hours>\d+):(?=[0-5]\d:))?(?P<minutes>\d+):(?P<seconds>[0-5]\d(?P<parts>[.,]\d+)?)")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One sound event; onset and offset in seconds from the start of the file."""

    onset: float
    offset: float
    event_label: str


Annotations = dict[str, list[Event]]
"""Filename -> its events; a file without any event is there with an empty list."""


def read_annotations(path: Path | str) -> Annotations:
    """Read a table of events, in the order of its rows.

    The table is TAB-separated, or comma-separated when the file is called .csv, with a header that holds at
    least `filename onset offset event_label` in any order (the DESED format, seconds); other columns are ignored.
    A row with nothing but a filename lists a file without events. Zero-length events and repeated rows are dropped
    with a warning for each of the two that names file and line of the first; events past the end of the audio are kept
    (see `clip_to`).

    Raises:
        UserError: the file or one of its rows cannot be used; the message names the line and how to mend it.
    """
    path = Path(path)
    annotations: Annotations = {}
    seen: set[tuple[str, Event]] = set()
    dropped: dict[str, list[str]] = {}
    rows = list(read_rows(path, COLUMNS))
    require_clear_commas(path, ((line, row[name]) for line, row in rows for name in ("onset", "offset")))
    for line, row in rows:
        where = f"{path}, line {line}"
        filename = row["filename"]
        if not filename:
            raise UserError(f"{where}: the filename is empty: fill it in or remove the line")
        events = annotations.setdefault(filename, [])
        given = [name for name in COLUMNS[1:] if row[name]]
        if not given:
            continue
        if len(given) < 3:
            missing = ", ".join(name for name in COLUMNS[1:] if not row[name])
            raise UserError(f"{where}: {missing} is empty: fill it in, or leave all three empty if nothing happens")
        onset = seconds(row["onset"], "onset", where)
        offset = seconds(row["offset"], "offset", where)
        if onset < 0:
            raise UserError(f"{where}: onset {row['onset']} is negative: times count from the start of the file")
        if offset < onset:
            raise UserError(f"{where}: offset {row['offset']} lies before onset {row['onset']}: swap the two")
        event = Event(onset, offset, row["event_label"])
        if onset == offset:
            dropped.setdefault("has no length", []).append(f"{where}: {event.event_label!r}")
        elif (filename, event) in seen:
            dropped.setdefault("repeats an earlier line", []).append(f"{where}: {event.event_label!r}")
        else:
            seen.add((filename, event))
            events.append(event)
    for reason, what in dropped.items():
        more = f", with {len(what) - 1} more" if len(what) > 1 else ""
        warnings.warn(f"{what[0]} {reason}, dropped{more}", SedkdWarning, stacklevel=2)
    return annotations


def read_durations(path: Path | str) -> dict[str, float]:
    """Read a table `filename duration` (seconds), TAB-separated or a .csv; other columns are ignored.

    Raises:
        UserError: the file or one of its rows cannot be used, or a file has two different durations.
    """
    path = Path(path)
    durations: dict[str, float] = {}
    rows = list(read_rows(path, ("filename", "duration")))
    require_clear_commas(path, ((line, row["duration"]) for line, row in rows))
    for line, row in rows:
        where = f"{path}, line {line}"
        filename = row["filename"]
        if not filename:
            raise UserError(f"{where}: the filename is empty: fill it in or remove the line")
        if not row["duration"]:
            raise UserError(f"{where}: the duration is empty: fill it in, in seconds")
        duration = seconds(row["duration"], "duration", where)
        if duration <= 0:
            raise UserError(f"{where}: duration {row['duration']} is not positive: give seconds")
        if durations.setdefault(filename, duration) != duration:
            raise UserError(f"{where}: {filename!r} already has the duration {durations[filename]:g}: keep one")
    return durations


def write_annotations(path: Path | str, annotations: Mapping[str, Sequence[Event]]) -> None:
    """Write a TAB-separated table that `read_annotations` reads, times in seconds with three decimals.

    Raises:
        UserError: a filename or label is empty or holds a TAB or a line break, which the format cannot express.
    """
    lines = ["\t".join(COLUMNS)]
    for filename, events in annotations.items():
        require_plain(filename, "filename")
        if not events:
            lines.append(f"{filename}\t\t\t")
        for event in events:
            require_plain(event.event_label, "event_label")
            lines.append(f"{filename}\t{event.onset:.3f}\t{event.offset:.3f}\t{event.event_label}")
    with written_atomically(Path(path)) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def merge_touching(events: Sequence[Event]) -> list[Event]:
    """Merge events of one class that touch or overlap; the result is sorted by onset."""
    merged: list[Event] = []
    for event in sorted(events, key=lambda event: (event.event_label, event.onset)):
        last = merged[-1] if merged else None
        if last is not None and last.event_label == event.event_label and event.onset <= last.offset:
            merged[-1] = Event(last.onset, max(last.offset, event.offset), last.event_label)
        else:
            merged.append(event)
    return sorted(merged)


def ends_beyond(event: Event, duration: float) -> bool:
    """Whether an event ends so far behind its recording's end (`duration` seconds) that this is no matter of rounding
    or padding: its times may be in another unit, or of another file."""
    return event.offset > duration + BEYOND_SECONDS


def clip_to(events: Sequence[Event], duration: float) -> list[Event]:
    """Cut events at `duration` (seconds) and drop those of which nothing is left; the order is kept."""
    return [
        Event(event.onset, min(event.offset, duration), event.event_label)
        for event in events
        if event.onset < min(event.offset, duration)
    ]


def require_known_files(files: Sequence[str] | Mapping[str, object], known: Container[str], source: str) -> None:
    """Raise a UserError that names the first of `files` which the ground truth (`known`) does not list."""
    for filename in files:
        if filename not in known:
            raise UserError(
                f"{source} names {filename!r}, which the ground truth does not list: "
                "check the spelling (capitals count), or list it there without events"
            )


def require_clear_commas(path: Path, cells: Iterable[tuple[int, str]]) -> None:
    """UserError where a comma in a table's numbers, given with their lines, may mean two things.

    `1,234` is 1.234 or 1234. Another number of the same table settles it, if its comma cannot part thousands: `12,5`.
    """
    open_question: tuple[int, str] | None = None
    for line, cell in cells:
        if "," not in cell:
            continue
        if not THOUSANDS.fullmatch(cell):
            return  # a decimal comma, or no number at all, of which `number` will say so
        open_question = open_question or (line, cell)
    if open_question is not None:
        line, cell = open_question
        if cell.count(",") == 1:
            either = f"{cell.replace(',', '.')} or {cell.replace(',', '')}"
        else:
            either = f"{cell.replace(',', '')}, or no number"
        raise UserError(
            f"{path}, line {line}: {cell!r} may be {either}: write all seconds of the table with a decimal point, "
            "and nothing between thousands"
        )


def number(text: str, name: str, where: str, such: str = "seconds such as 1.25") -> float:
    """A cell as a finite number; a comma counts as the decimal point where there is none. UserError names `where`,
    and `such` as is wanted.

    See `require_clear_commas`, which is to be asked of the whole table first.
    """
    plain = text if "." in text else text.replace(",", ".")  # decimal commas, as in TUT 2016
    try:
        # float() takes 1_000 for a number, which in a table is a slip.
        value = float(plain) if "_" not in plain else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{where}: {name} {f'{text!r} is not a number' if text else 'is empty'}: write {such}")
    return value


def seconds(text: str, name: str, where: str) -> float:
    """A cell as a time in seconds: a number (see `number`), or as audio editors write it, `1:02.5` or `0:01:02`.

    `1:30` alone may be minutes or hours and is asked about. UserError names `where`.
    """
    clock = CLOCK.fullmatch(text)
    if clock is None:
        return number(text, name, where)
    value = 3600 * int(clock["hours"] or 0) + 60 * int(clock["minutes"]) + float(clock["seconds"].replace(",", "."))
    if not (clock["hours"] or clock["parts"]):
        raise UserError(
            f"{where}: {name} {text!r} is not a number, and may be minutes or hours: write seconds such as {value:g}, "
            f"or {text}.0 for minutes"
        )
    return value


def is_time(text: str) -> bool:
    """Whether a cell is one that `seconds` reads, or asks about."""
    if CLOCK.fullmatch(text):
        return True
    try:
        return math.isfinite(number(text, "", ""))
    except UserError:
        return False

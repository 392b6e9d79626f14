"""Detections that stand in a table with a confidence: what a review draws from where there is no export."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from sedkd.data.events import Event, number, require_clear_commas, seconds
from sedkd.data.folders import audio_below
from sedkd.data.inspection import audio_info, readable
from sedkd.data.labels.label_format import OWN
from sedkd.data.labels.matching import Recordings
from sedkd.data.labels.registry import format_of
from sedkd.data.table import is_table_of, read_rows
from sedkd.errors import SedkdWarning, UserError
from sedkd.review.candidates import DIGITS, MAX_SECONDS, Candidate, Scored, hours_of
from sedkd.review.named import Named, ambiguous
from sedkd.spelling import folded, usual_spellings
from sedkd.words import several

FRACTION = "a fraction between 0 and 1, such as 0.85"
COLUMNS = ("filename", "onset", "offset", "event_label", "confidence")


def listed_in(
    table: Path, recordings: Sequence[Path], roots: Sequence[Path], label_column: str | None = None
) -> Scored:
    """The rows of a table of detections, whatever detector wrote it.

    Its columns are `COLUMNS`, as `sedkd detect` writes tsv and csv, or it is read as a label file is
    (`sedkd.data.labels`) and has a confidence, such as BirdNET's.

    `recordings` are those that a person named, in folders `roots` or one by one: those that the detector heard, also
    where nothing is told of them. A name is sought among them alone; rows of others are left out, with a warning.
    Without any, a name is sought as it stands and beside the table, and those of the table are the recordings. Those
    that cannot be read are passed over, with a warning each. label_column: the one that holds the labels of a label
    file, where it leaves that open.

    Raises:
        UserError: the table or a row cannot be used, it lists nothing, a name may mean two recordings, or a recording
            is not there.
    """
    listed = list(_detections(table, recordings, roots, label_column))
    if not listed:
        raise UserError(f"{table}: lists no detection; lower the detector's thresholds, or name an export instead")
    rows = _readable(table, _of_named(table, listed))
    spellings = usual_spellings(event.event_label for _, _, event, _ in rows)
    found: dict[tuple[Path, float, float, str], Candidate] = {}
    long = 0
    for line, path, event, confidence in rows:
        where = f"{table}, line {line}"
        score = number(confidence, "confidence", where, FRACTION)
        if not 0 <= event.onset < event.offset:
            raise UserError(f"{where}: no span lies between {event.onset:g} and {event.offset:g} s")
        if not 0 <= score <= 1:
            raise UserError(f"{where}: the confidence {confidence} does not lie between 0 and 1: write {FRACTION}")
        duration = audio_info(path).duration
        if event.onset >= duration:
            raise UserError(f"{where}: {path} ends before {event.onset:g} s: is it the same recording?")
        offset, label = min(event.offset, duration), spellings[folded(event.event_label)]
        long += offset - event.onset > MAX_SECONDS
        one = Candidate(path, event.onset, min(offset, event.onset + MAX_SECONDS), label, round(score, DIGITS))
        known = found.setdefault((path, event.onset, event.offset, label), one)
        if one.score > known.score:
            found[path, event.onset, event.offset, label] = one
    _tell_of(table, len(rows) - len(found), long)
    paths = dict.fromkeys(candidate.path for candidate in found.values())
    return Scored(list(found.values()), hours_of(readable(recordings) or list(paths)), {})


def _of_named(table: Path, listed: "Sequence[Listed]") -> "list[Row]":
    """The rows of the recordings that were named; a warning tells of the others. UserError where none is left."""
    others = [(name, line) for line, name, path, *_ in listed if path is None]
    rows = [(line, path, event, confidence) for line, _, path, event, confidence in listed if path is not None]
    if not rows:
        raise UserError(f"{table}: lists none of the recordings that are named, but such as {others[0][0]!r}")
    if others:
        which = several(len({name for name, _ in others}), "recording")
        told = f"{table}: {several(len(others), 'row')} of {which} that are not named, such as {others[0][0]!r}"
        warnings.warn(f"{told}, left out", SedkdWarning, stacklevel=3)
    return rows


def _readable(table: Path, rows: "Sequence[Row]") -> "list[Row]":
    """The rows of the recordings that can be read. UserError where none is left."""
    good = set(readable([path for _, path, _, _ in rows]))
    if not good:
        raise UserError(f"{table}: none of its recordings can be read; name others")
    return [row for row in rows if row[1] in good]


def _tell_of(table: Path, repeated: int, long: int) -> None:
    """Warnings of rows that repeat another, and of spans longer than what is asked about."""
    if repeated:
        told = f"{table}: {repeated} rows repeat the span and label of another: the surest of each is kept"
        warnings.warn(told, SedkdWarning, stacklevel=3)
    if long:
        most = f"{MAX_SECONDS:g} s"
        told = f"{table}: {long} detections last longer than {most}: only their first {most} are asked about"
        warnings.warn(told, SedkdWarning, stacklevel=3)


Row = tuple[int, Path, Event, str]
"""A detection: its line, its recording, the event, and the confidence as it stands."""
Listed = tuple[int, str, Path | None, Event, str]
"""The same with what the table calls the recording; None where that was not named."""


def _detections(table: Path, recordings: Sequence[Path], roots: Sequence[Path], column: str | None) -> Iterator[Listed]:
    form = None if not table.is_file() or is_table_of(table, COLUMNS) else format_of(table)
    if form is None:
        yield from _plain_detections(table, recordings, roots)
        return
    opened = form.open(table)
    listed = opened.read(column)
    if not any(annotation.events for annotation in listed.values()):
        return
    sure = opened.confidences() if opened.confidences else {}
    if not sure:
        raise UserError(f"{table}: no column says how sure the detector was: call it confidence, between 0 and 1")
    audio = list(recordings) or audio_below(table.parent)
    known = Recordings(audio)
    rows: list[Listed] = []
    for name, annotation in listed.items():
        path = known.of_file(table) if name == OWN else known.named(name, table, table.parent)
        if path is None and not recordings:
            raise UserError(
                f"{table}: of {name or 'its recording'!r} there is nothing here: name the recordings' folder"
            )
        rows += [(line, name or table.name, path, event, sure[line]) for line, event in annotation.events or ()]
    yield from sorted(rows, key=lambda row: row[0])


def _plain_detections(table: Path, recordings: Sequence[Path], roots: Sequence[Path]) -> Iterator[Listed]:
    rows = list(read_rows(table, COLUMNS))
    find = Named(recordings, roots).find if recordings else partial(_here_or_beside, table, _beside(table))
    paths: dict[str, Path | None] = {}
    require_clear_commas(table, ((line, row[name]) for line, row in rows for name in COLUMNS[1:3]))
    for line, row in rows:
        where, name = f"{table}, line {line}", row["filename"]
        empty = next((column for column in COLUMNS if not row[column]), None)
        if empty:
            raise UserError(f"{where}: the {empty} is empty: fill it in or remove the line")
        if name not in paths:
            paths[name] = find(name, where)
        onset, offset = (seconds(row[column], column, where) for column in COLUMNS[1:3])
        yield line, name, paths[name], Event(onset, offset, row["event_label"]), row["confidence"]


def _beside(table: Path) -> Callable[[], Named]:
    """The recordings beside a table, looked for when they are asked for: there may be a whole disk of them."""
    return cache(lambda: Named(audio_below(table.parent), [table.parent]))


def _here_or_beside(table: Path, beside: Callable[[], Named], name: str, where: str) -> Path:
    """The recording that a name means as it stands or, if it is none, beside the table. UserError where it may be two,
    or none."""
    here, there = Path(name), table.parent / name
    if here.is_file():
        if there.is_file() and not there.samefile(here):
            raise ambiguous(name, [here.absolute(), there], where)
        return here
    path = beside().find(name, where)
    if path is None:
        raise UserError(f"{where}: there is no {name!r} here, nor among the recordings: name their folder")
    return path

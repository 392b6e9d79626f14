"""Reviewed spans: whether a person heard an event in a span of a clip that somebody asked about.

<root>/<environment>/reviewed/*.wav (and others, `AUDIO_SUFFIXES`)
<root>/<environment>/reviewed.tsv       filename onset offset event_label answer        (answer: yes or no)

An answer tells of one event in one span. What was not asked about, other events and other times, is unknown, not
absent. All rows of a clip have the same span. A further column `recording` may hold the `content_hash` of what the clip
was cut out of, by which a clip of a recording that validates or tests is known, and left out.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sedkd.data.audio import content_hash
from sedkd.data.broken import durations
from sedkd.data.environment import Environment
from sedkd.data.events import Event, require_clear_commas, seconds
from sedkd.data.recordings import TEST, Recording, listed_audio
from sedkd.data.table import is_table_of, read_rows, require_plain
from sedkd.disk.paths import written_atomically
from sedkd.disk.remembered import remembered
from sedkd.errors import SedkdWarning, UserError

REVIEWED = "reviewed"
COLUMNS = ("filename", "onset", "offset", "event_label", "answer")
RECORDING, UNKNOWN = "recording", "-"  # editors strip what is empty at a line's end
ANSWERS = {"yes": True, "no": False}
HELD_OUT = ("validation", TEST)


@dataclass(frozen=True)
class Span:
    """A span of a clip in seconds, by label whether it is heard there, and the `content_hash` of the recording that the
    clip was cut out of, where that is known."""

    onset: float
    offset: float
    heard: Mapping[str, bool]
    recording: str = ""


def read_reviewed(root: Path, environment: Environment, held_out: Sequence[Path] = ()) -> list[Recording]:
    """The environment's reviewed clips by file name; an empty list where there is no reviewed.tsv.

    `events` are those that were heard, over the whole span; `listened` names the labels that were asked about, and
    `unknown` is all but the span. Clips that were cut out of one of the `held_out` recordings are left out, with a
    warning.

    Raises:
        UserError: the table or a recording cannot be used, or a label is no event of the environment.
    """
    table, audio = root / environment.name / f"{REVIEWED}.tsv", root / environment.name / REVIEWED
    if not table.exists():
        return []
    spans = read_spans_of(table)
    if not spans:
        raise UserError(f"{table}: lists no clip: read some answers into it, or remove the file")
    listed = listed_audio(audio, sorted(spans), table)
    spans = _learnable(spans, held_out, table)
    seconds = durations(list(listed.values()))
    found = [
        _recording(path, seconds[path], name, environment, spans[name], table)
        for name, path in listed.items()
        if path in seconds and name in spans
    ]
    return [clip for clip in found if clip.listened]


def _learnable(spans: Mapping[str, Span], held_out: Sequence[Path], table: Path) -> dict[str, Span]:
    """The spans of clips that were cut out of none of these recordings; a warning tells of the others."""
    asked = any(span.recording for span in spans.values())
    contents = dict(zip(remembered("content", held_out, content_hash), held_out, strict=True)) if asked else {}
    lost = {name: contents[span.recording] for name, span in spans.items() if span.recording in contents}
    if lost:
        name, path = next(iter(lost.items()))
        told = (
            f"{table}: {len(lost)} of {len(spans)} clips are cut out of recordings that validate or test, such as "
            f"{name} out of {path.name}; nothing may learn from those, and they are left out"
        )
        warnings.warn(told, SedkdWarning, stacklevel=3)
    return {name: span for name, span in spans.items() if name not in lost}


def read_spans_of(table: Path) -> dict[str, Span]:
    """Filename -> its span, in the order of the table's rows.

    Raises:
        UserError: the table or one of its rows cannot be used; the message names the line and how to mend it.
    """
    found: dict[str, Span] = {}
    told = is_table_of(table, (RECORDING,))
    rows = list(read_rows(table, (*COLUMNS, RECORDING) if told else COLUMNS))
    require_clear_commas(table, ((line, row[name]) for line, row in rows for name in ("onset", "offset")))
    for line, row in rows:
        where = f"{table}, line {line}"
        empty = next((name for name in COLUMNS if not row[name]), None)
        if empty:
            raise UserError(f"{where}: the {empty} is empty: fill it in or remove the line")
        if row["answer"].lower() not in ANSWERS:
            raise UserError(f"{where}: the answer {row['answer']!r} is neither yes nor no")
        onset, offset = (seconds(row[name], name, where) for name in ("onset", "offset"))
        if not 0 <= onset < offset:
            raise UserError(f"{where}: no span lies between {onset:g} and {offset:g} s: write its start and its end")
        recording = row.get(RECORDING, UNKNOWN)
        before = found.setdefault(row["filename"], Span(onset, offset, {}, "" if recording == UNKNOWN else recording))
        if (before.onset, before.offset) != (onset, offset):
            raise UserError(f"{where}: {row['filename']!r} has another span before: copy the clip for a second one")
        heard, label = ANSWERS[row["answer"].lower()], row["event_label"]
        if before.heard.get(label, heard) != heard:
            raise UserError(f"{where}: {label!r} is answered with yes and with no: keep one of the lines")
        found[row["filename"]] = replace(before, heard={**before.heard, label: heard})
    return found


def write_spans(table: Path, spans: Mapping[str, Span]) -> None:
    """Write a table that `read_spans_of` reads, times in seconds with three decimals.

    Raises:
        UserError: a filename or label is empty or holds a TAB or a line break.
    """
    lines = ["\t".join((*COLUMNS, RECORDING))]
    for filename, span in spans.items():
        require_plain(filename, "filename")
        for label, heard in span.heard.items():
            require_plain(label, "event_label")
            cells = filename, f"{span.onset:.3f}", f"{span.offset:.3f}", label, "yes" if heard else "no"
            lines.append("\t".join((*cells, span.recording or UNKNOWN)))
    with written_atomically(table) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _recording(
    path: Path, duration: float, filename: str, environment: Environment, span: Span, table: Path
) -> Recording:
    if span.onset >= duration:
        raise UserError(f"{table}: {filename}: the span begins at {span.onset:g} s, the clip lasts {duration:.2f} s")
    heard: dict[str, bool] = {}
    for label, yes in span.heard.items():
        own = environment.spelt(label)
        if own is None and not environment.is_stranger(label):
            continue  # a person's own file leaves this event out
        if own is None:
            raise UserError(
                f"{table}: {filename}: {label!r} is no event of {environment.name} "
                f"({', '.join(environment.events)}): mend its spelling, or remove the line"
            )
        heard[own] = yes
    offset = min(span.offset, duration)
    outside = [(a, b) for a, b in ((0.0, span.onset), (offset, duration)) if a < b]
    events = tuple(Event(span.onset, offset, label) for label in sorted(heard) if heard[label])
    asked: Sequence[str] = tuple(label for label in environment.events if label in heard)
    return Recording(
        path, filename, environment.name, duration, events, listened=tuple(asked), unknown=tuple(outside), asked=True
    )

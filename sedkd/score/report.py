"""Score tables of detections against a table of ground truth."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from sedkd.data.events import Annotations, ends_beyond, read_durations, require_known_files
from sedkd.data.labels.listed import listed
from sedkd.errors import UserError
from sedkd.score.alarms import AlarmRate, alarm_rate
from sedkd.score.f1 import F1Report, event_f1, segment_f1
from sedkd.score.matching import names_of, of_other_folders
from sedkd.score.psds import PsdsReport, psds
from sedkd.score.table_notes import at_any_confidence, called_twice, every_label_at_once, touching
from sedkd.spelling import folded, usual_spellings
from sedkd.words import several

SEGMENT_SECONDS = 1.0
TABLES = (".tsv", ".csv")
FEW_FILES = 3  # of which all events may lie at the beginning by chance
FAR_APART = 8.0  # times as late: frames of 100 ms and less are, where seconds are meant
UNTOLD = 0.01  # of a file's duration
# A - behind a letter or digit is a dash; a dot before the first digit is one of a number behind a sign or a blank.
THRESHOLD = re.compile(r"(?:(?<![^\W_])-)?(?:\d+(?:\.\d+)?|(?<![^\W_])(?<!\.)\.\d+)(?:[eE][+-]?\d+)?")
DATE = re.compile(
    r"(?<!\d)(?<!\d\.)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"
)  # 2024-11-30, 20241130


@dataclass(frozen=True)
class ScoreReport:
    """What `score_files` found; `psds` is None without operating points, `notes` are sentences for the reader."""

    files: int
    reference_events: int
    detected_events: int
    segment: F1Report
    event: F1Report
    psds: PsdsReport | None
    operating_points: int
    notes: tuple[str, ...]
    alarms: AlarmRate | None = None  # where durations were given

    def as_dict(self) -> dict[str, Any]:
        """For JSON: scores as fractions, None where undefined."""
        return {**asdict(self), "notes": list(self.notes)}

    def as_text(self) -> str:
        """An aligned table: F1, precision and recall in per cent, PSDS as a fraction; '-' where undefined."""
        rows = [["", "reference", "segment", "", "", "event", "", "", "false"]]
        rows.append(["class", "events", "F1 %", "P %", "R %", "F1 %", "P %", "R %", "alarms/h"])
        for label in self.segment.per_class:
            cells = [label, str(self.event.support[label])]
            for scores in (self.segment, self.event):
                cells += [_percent(part[label]) for part in (scores.per_class, scores.precision, scores.recall)]
            cells.append(_rate(self.alarms.per_class[label] if self.alarms else None))
            rows.append(cells)
        total = str(self.reference_events)
        rows.append(["macro", total, _percent(self.segment.macro), "", "", _percent(self.event.macro), "", "", ""])
        every = _rate(self.alarms.total if self.alarms else None)
        rows.append(["micro", total, _percent(self.segment.micro), "", "", _percent(self.event.micro), "", "", every])
        lines = [
            f"{several(self.files, 'file')}, {several(self.reference_events, 'reference event')}, "
            f"{several(self.detected_events, 'detection')}",
            "",
            *_aligned(rows),
        ]
        if self.psds is not None:
            points = f"({self.operating_points} operating points)"
            lines += ["", f"PSDS1 {_fraction(self.psds.psds1)}   PSDS2 {_fraction(self.psds.psds2)}   {points}"]
        if self.notes:
            lines += ["", *(f"note: {note}" for note in self.notes)]
        return "\n".join(lines)


def score_files(
    truth_path: Path | str,
    detections_path: Path | str,
    durations_path: Path | str | None = None,
    operating_points_dir: Path | str | None = None,
    label_columns: tuple[str | None, str | None] = (None, None),
) -> ScoreReport:
    """Score a table of detections: segment-based F1 (1 s), event-based F1 (200 ms, 20 %), PSDS where asked for.

    Args:
        truth_path, detections_path: tables, label files or folders of them, as `listed` reads them; other paths to the
            same files match (see `names_of`), and other spellings the same labels (`sedkd.spelling`).
        durations_path: a table `filename duration`. Without it each file is taken to end with its latest offset
            in truth or detections, rounded up to the segment grid, and a note says so.
        operating_points_dir: folder of tables of detections; the last number in a name is its threshold.
        label_columns: those that hold the labels of the truth and of detections, where label files leave it open.

    Raises:
        UserError: a file cannot be used, the tables do not fit together, or PSDS is asked for without durations.
    """
    truth, truth_notes = _listed(truth_path, label_columns[0])
    if not truth:
        raise UserError(f"{truth_path}: lists no file: there is nothing to score")
    detections, notes = _detected(detections_path, truth, label_columns[1])
    notes = [*truth_notes, *notes, *every_label_at_once(detections), *touching(truth, detections), *called_twice(truth)]
    durations = None
    if durations_path is not None:
        durations, told = _lengths(durations_path, truth)
        notes += told
    points: dict[float, Annotations] = {}
    if durations is None:
        if operating_points_dir is not None:
            raise UserError("PSDS counts false alarms per hour: give the files' lengths with --durations FILE")
        durations = {name: _guessed_length([*events, *detections.get(name, [])]) for name, events in truth.items()}
        notes.append(
            "no durations were given: each file is taken to end with its latest offset in truth or detections, "
            f"rounded up to {SEGMENT_SECONDS:g} s, and false alarms per hour are not told"
        )
        notes += _apart(truth, detections) or _far_apart(truth, detections)
    else:
        for filename in truth:
            if filename not in durations:
                raise UserError(f"{durations_path}: has no row for {filename!r}: add its duration in seconds")
        notes += _beyond(durations, truth, "events of the ground truth")
        notes += _beyond(durations, detections, "detections")
        notes += _far_before(durations, truth, detections)
    if operating_points_dir is not None:
        points, left_out = _read_operating_points(Path(operating_points_dir), truth, label_columns[1])
        notes += left_out
        late = ((at, _beyond(durations, table, "detections")) for at, table in points.items())
        notes += [f"operating point {at:g}: {note}" for at, told in late for note in told][:1]

    spellings = usual_spellings(event.event_label for events in truth.values() for event in events)
    notes += _respelt(spellings, truth, detections, *points.values())
    known = {event.event_label for events in truth.values() for event in events}
    if not known:
        notes.append("the ground truth holds no event: what cannot be computed is '-'")
    notes += _strangers(known, "every one of them counts as a false alarm in micro", detections)
    notes += [f"operating points: {note}" for note in _strangers(known, "PSDS leaves them out", *points.values())]
    event = event_f1(truth, detections)
    within = {name: durations[name] for name in truth}
    return ScoreReport(
        files=len(truth),
        reference_events=sum(map(len, truth.values())),
        detected_events=sum(map(len, detections.values())),
        segment=segment_f1(truth, detections, durations, segment_seconds=SEGMENT_SECONDS),
        event=event,
        psds=psds(truth, durations, points) if points else None,
        operating_points=len(points),
        notes=tuple(notes),
        alarms=alarm_rate(event, within) if durations_path is not None else None,
    )


def _read_operating_points(
    folder: Path, truth: Annotations, column: str | None
) -> tuple[dict[float, Annotations], list[str]]:
    """The detections of each threshold, and what is to be told of files that are none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder: name the folder with one table of detections per threshold")
    there = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    tables = [path for path in there if path.suffix.lower() in TABLES]
    sources: dict[float, Path] = {}
    for path in tables:
        other = sources.setdefault(threshold_of(path), path)
        if other != path:
            raise UserError(f"{path}: has the same threshold as {other.name}: keep one of them")
    if not sources:
        raise UserError(f"{folder}: holds no .tsv and no .csv: PSDS needs one table of detections per threshold")
    others = [path.name for path in there if path not in tables]
    notes = [f"operating points: left out what is no .tsv or .csv: {', '.join(others[:3])}"] if others else []
    points, told = {}, dict[str, list[str]]()
    for threshold, path in sorted(sources.items()):
        # That it tells confidences is no matter where each table is one of a threshold.
        points[threshold], lines = _detected(path, truth, column, confidences=False)
        for line in lines:
            told.setdefault(line.removeprefix(f"{path}: "), []).append(path.name)
    many = (f"{line}, in {len(names)} of {len(points)} tables, such as {names[0]}" for line, names in told.items())
    return points, [*notes, *(f"operating points: {line}" for line in many)]


def threshold_of(path: Path) -> float:
    """The threshold of a table of detections: the last number in its name, of whatever scale. UserError where there is
    none, or it is a part of a date."""
    numbers = list(THRESHOLD.finditer(path.stem))
    if any(date.end() == numbers[-1].end() for date in DATE.finditer(path.stem)):
        raise UserError(
            f"{path}: the last number in the name is of a date, no threshold: write the threshold behind it, for "
            f"example {path.stem}_0.5{path.suffix}"
        )
    if not numbers:
        raise UserError(f"{path}: no threshold in the name: call it, for example, detections_0.5.tsv")
    return float(numbers[-1][0])


def _listed(
    path: Path | str, column: str | None, known: Collection[str] = (), confidences: bool = True
) -> tuple[Annotations, list[str]]:
    """The events of a file or folder, and what is to be told of how it was read, and of its confidences."""
    found = listed(Path(path), column, known)
    notes = [*found.notes, *(at_any_confidence(found.confidences) if confidences else ())]
    return found.annotations, [f"{path}: {note}" for note in notes]


def _detected(
    path: Path | str, truth: Annotations, column: str | None, confidences: bool = True
) -> tuple[Annotations, list[str]]:
    """Detections in files of the ground truth, under its names, and what is to be told of how they were read."""
    found, notes = _listed(path, column, truth, confidences)
    names = names_of(found, truth, str(path))
    detections = {target: found[name] for target, name in names.items()}
    require_known_files(detections, truth, str(path))
    return detections, [*notes, *(f"{path}: {line}" for line in of_other_folders(names))]


def _lengths(path: Path | str, truth: Annotations) -> tuple[dict[str, float], list[str]]:
    """The table of durations under the ground truth's names, and what is to be told of how they were found; it may list
    other files as well."""
    listed = read_durations(path)
    exact = {name: seconds for name, seconds in listed.items() if name in truth}
    others = [name for name in listed if name not in exact]
    names = names_of(others, [name for name in truth if name not in exact], str(path))
    found = exact | {target: listed[name] for target, name in names.items()}
    meant = {target: name for target, name in names.items() if target in truth}
    return found, [f"{path}: {line}" for line in of_other_folders(meant)]


def _respelt(spellings: Mapping[str, str], *tables: Annotations) -> list[str]:
    """Spell all labels as the ground truth mostly does, in place, and drop events that are then there twice; a note per
    spelling that was another one, and one of what was dropped."""
    others: dict[str, str] = {}
    dropped = 0
    for table in tables:
        for filename, events in table.items():
            own = [replace(e, event_label=spellings.get(folded(e.event_label), e.event_label)) for e in events]
            others |= {
                e.event_label: new.event_label
                for e, new in zip(events, own, strict=True)
                if e.event_label != new.event_label
            }
            table[filename] = list(dict.fromkeys(own))
            dropped += len(own) - len(table[filename])
    notes = [f"the label {label!r} is read as {meant!r}" for label, meant in sorted(others.items())]
    if dropped:
        notes.append(f"{dropped} events repeat another whose label is spelt otherwise, and are dropped")
    return notes


def _guessed_length(events: Sequence[Any]) -> float:
    return math.ceil(_latest(events) / SEGMENT_SECONDS) * SEGMENT_SECONDS


def _latest(events: Sequence[Any]) -> float:
    return max((event.offset for event in events), default=0.0)


def _beyond(durations: Mapping[str, float], table: Annotations, what: str) -> list[str]:
    """A note where times lie behind the end of their file: in another unit, or of another file."""
    late = [
        (event.offset, filename)
        for filename, events in table.items()
        for event in events
        if ends_beyond(event, durations[filename])
    ]
    if not late:
        return []
    offset, filename = max(late)
    count, of = len(late), sum(map(len, table.values()))
    return [
        f"{count} of {of} {what} end after their file does ({filename}: {offset:g} s of {durations[filename]:g} s): "
        "are the times seconds, and the durations those of these files?"
    ]


def _apart(truth: Annotations, detections: Annotations) -> list[str]:
    """A note where in each file all of the detections lie behind all of the reference, or all before it: times may be
    in two units."""
    pairs = [(events, detections[name]) for name, events in truth.items() if events and detections.get(name)]
    for what, those, (early, late) in (
        ("detection", "the reference", (0, 1)),
        ("reference event", "the detections", (1, 0)),
    ):
        if pairs and all(
            max(event.offset for event in pair[early]) < min(event.onset for event in pair[late]) for pair in pairs
        ):
            return [
                f"every {what} begins after the last of {those} in its file: are both in seconds, and of these files?"
            ]
    return []


def _far_apart(truth: Annotations, detections: Annotations) -> list[str]:
    """A note where the detections of most files end many times as late as the reference does, or the other way round:
    frames, samples or milliseconds that begin at 0."""
    ratios = [
        _latest(detections[name]) / _latest(events) for name, events in truth.items() if events and detections.get(name)
    ]
    usual = median(ratios) if ratios else 1.0
    if 1 / FAR_APART < usual < FAR_APART:
        return []
    how = f"{max(usual, 1 / usual):.0f} times as {'late' if usual > 1 else 'early'}"
    return [f"detections end {how} as the reference does, in the median file: are both in seconds, and of these files?"]


def _far_before(durations: Mapping[str, float], truth: Annotations, detections: Annotations) -> list[str]:
    """A note where every file seems to go on for long behind all that is told of it: durations may be in another unit,
    by which false alarms per hour and PSDS would be wrong."""
    ends = {name: _guessed_length([*events, *detections.get(name, [])]) for name, events in truth.items()}
    told = [name for name, end in ends.items() if end]
    if len(told) < FEW_FILES or any(ends[name] > UNTOLD * durations[name] for name in told):
        return []
    first = f"{told[0]} ({ends[told[0]]:g} s of {durations[told[0]]:g} s)"
    return [
        f"in each of {len(told)} files all events lie in the first hundredth, such as {first}: are the durations in "
        "seconds? False alarms per hour and PSDS count by them"
    ]


def _strangers(known: set[str], consequence: str, *tables: Annotations) -> list[str]:
    counts = Counter(event.event_label for table in tables for events in table.values() for event in events)
    return [
        f"the class {label!r} is detected {count} x and never occurs in the ground truth (a typo?): {consequence}"
        for label, count in sorted(counts.items())
        if label not in known
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]

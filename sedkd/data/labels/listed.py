"""The events of recordings as files list them, read without the recordings themselves: for scoring, or a picture."""

import math
import warnings
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.rows import usable
from sedkd.data.events import COLUMNS, Annotations, is_time, number, read_annotations
from sedkd.data.folders import files_below, without_audio_suffix
from sedkd.data.labels import audacity, json_list
from sedkd.data.labels.cells import header_of, key_of, read_cells, squeezed
from sedkd.data.labels.label_format import OWN, head_of
from sedkd.data.labels.label_table import CONFIDENCE
from sedkd.data.labels.lookalikes import own_mend
from sedkd.data.labels.matching import names_meant
from sedkd.data.labels.registry import format_of, is_label_name
from sedkd.data.labels.unknown import why_unknown
from sedkd.data.table import is_table_of
from sedkd.errors import SedkdWarning, UserError
from sedkd.spelling import composed


@dataclass(frozen=True)
class Listed:
    """Events by recording, what was made of files that are no tables `filename onset offset event_label`, and, of
    detections in known recordings, the confidences that a column tells, each once, in rising order."""

    annotations: Annotations
    notes: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()


def listed(path: Path, column: str | None = None, known: Collection[str] = ()) -> Listed:
    """What a table of events lists, a label file of any format that sedkd reads, a JSON list, or a folder of these.

    column: the one that holds the labels, or the tier, of label files. known: names of recordings; a label file that
    names none is of the one of these that it is called like, or of the only one, else of one with its own name, less
    what programs add: `a-labels.txt` is of `a`. Audacity's file of a recording without labels is empty.

    Raises:
        UserError: a file cannot be used, or two speak of one recording.
    """
    if path.is_dir():
        return _folder(path, column, known)
    if not path.is_file():  # a pipe can be read but once
        return Listed(read_annotations(path))
    if path.suffix.lower() == json_list.SUFFIX:
        return Listed(json_list.read_json_list(path))
    (called,) = known if len(known) == 1 else (path.stem,)
    below = Path(f"{without_audio_suffix(called)}{path.suffix}")
    found = _file(path, below, column, known)
    if found is None:
        raise UserError(own_mend(path) or why_unknown(path, head_of(path)))
    if known and not head_of(path) and not _stems(found.annotations) & _stems(known):
        raise UserError(
            f"{path}: is empty, and called like none of the recordings: a table without events needs its header: "
            + " ".join(COLUMNS)
        )
    return found


def _folder(folder: Path, column: str | None, known: Collection[str]) -> Listed:
    found: Annotations = {}
    source: dict[str, Path] = {}
    notes: Counter[str] = Counter()
    confidences: set[float] = set()
    files = 0
    for path in files_below(folder, lambda name: is_label_name(name) or name.endswith(json_list.SUFFIX)):
        one = _file(path, path.relative_to(folder), column, known)
        if one is None:
            warnings.warn(f"{path}: is no label file that sedkd knows, and is left out", SedkdWarning, stacklevel=3)
            continue
        files += 1
        for name in one.annotations:
            if name in source:
                raise UserError(f"{path}: speaks of {name!r}, as {source[name].name} does: keep one of them")
            source[name] = path
        found |= one.annotations
        notes.update(one.notes)
        confidences.update(one.confidences)
    if not files:
        raise UserError(f"{folder}: holds no label file: name the folder that does, or a table")
    counted = tuple(f"{count} x {note}" for note, count in notes.items())
    return Listed(found, counted, tuple(sorted(confidences)))


def _file(path: Path, below: Path, column: str | None, known: Collection[str]) -> Listed | None:
    """What one file lists; None where no format is recognised. `below`: its path, as recordings are named by."""
    is_table = is_table_of(path, COLUMNS)
    if path.suffix.lower() == json_list.SUFFIX:
        return Listed(json_list.read_json_list(path)) if json_list.is_json_list(path) else None
    empty = not head_of(path)
    if empty and path.suffix.lower() in audacity.FORMAT.suffixes:
        return Listed({_called(below, known): []})
    asked = is_table and column is not None and _has_column(path, column)
    if empty or (is_table and not asked):
        lacks = column not in (None, *COLUMNS[-1:]) and not empty
        notes = (f"no column {column!r}, labels from {COLUMNS[-1]!r}",) if lacks else ()
        return Listed(read_annotations(path), notes, _numbers(_confidences(path)) if known and not empty else ())
    form = format_of(path, whatever_its_name=True)
    if form is None:
        return None
    opened = form.open(path)
    read = opened.read(column)
    if opened.confidences and known and not any(annotation.events for annotation in read.values()):
        read = {name: annotation for name, annotation in read.items() if name != OWN}  # a detector that found nothing
    found = {
        _called(below, known) if name == OWN else name: annotation.events or () for name, annotation in read.items()
    }
    which = f", labels from {opened.column(column)!r}" if opened.column else ""
    if OWN in opened.recordings() and below.stem != path.stem:  # nothing in it says so
        which += f", of {below.stem}"
    events = {name: usable(lines, path, name, math.inf) for name, lines in found.items()}
    sure = opened.confidences() if opened.confidences and known else {}
    return Listed(events, (f"read as {form.title}{which}",), _numbers(sure.values()))


def _confidences(path: Path) -> list[str]:
    """What the column of confidences of a table of ours holds, if it has one."""
    place = next((i for i, name in enumerate(header_of(head_of(path))) if squeezed(key_of(name)) in CONFIDENCE), None)
    return [] if place is None else [cell for _, cell in read_cells(path).column(place)]


def _numbers(cells: Iterable[str]) -> tuple[float, ...]:
    """Each number once, in rising order."""
    return tuple(sorted({number(cell, "", "") for cell in cells if is_time(cell) and ":" not in cell}))


def _has_column(path: Path, column: str) -> bool:
    return squeezed(key_of(column)) in {squeezed(key_of(name)) for name in header_of(head_of(path))}


def _called(below: Path, known: Collection[str]) -> str:
    there, below = _stems(known), Path(composed(str(below)))
    names = list(names_meant(below.name))
    name = next((name for name in names if name in there), names[-1])  # a label file's name has an ending
    return below.with_name(name).as_posix()


def _stems(names: Iterable[str]) -> set[str]:
    return {Path(without_audio_suffix(composed(name))).name for name in names}

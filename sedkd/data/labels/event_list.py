"""Lists of events without a header, as DCASE's challenges and tools write them, with TABs, commas or semicolons:
`filename onset offset event_label`, also with the scene behind the filename, or `onset offset event_label`; and Sonic
Visualiser's regions, `time value duration label`.

Columns behind these (an identifier, say) are ignored, but a number there, which nobody says the meaning of (a soft
label's value?), makes it no such list. A line of nothing but a filename says that nothing happens.
The forms are among those that dcase_util's `MetaDataContainer` reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.datasets.rows import Line, event_of, later
from sedkd.data.events import is_time, require_clear_commas, seconds
from sedkd.data.folders import is_audio_name
from sedkd.data.labels.cells import split
from sedkd.data.labels.label_format import OWN, LabelFile, LabelFormat, annotations, numbered_lines
from sedkd.errors import UserError

Row = tuple[int, list[str]]
SAME_SECONDS = 0.01


@dataclass(frozen=True)
class Form:
    """What the cells of a line are; `onset`: the place of the first of onset, offset and label."""

    what: str
    onset: int


FORMS = (
    Form("onset, offset, event_label", 0),
    Form("filename, onset, offset, event_label", 1),
    Form("filename, scene, onset, offset, event_label", 2),
)


def matches(head: Sequence[str]) -> bool:
    rows = [row for _, row in split(list(enumerate(head, start=1)))]
    return any(map(_form, rows)) and bool(_form(rows[0]) or _is_empty(rows[0]))


def has_scores(head: Sequence[str]) -> bool:
    """Whether these would be lines of such a list, were it not for the number behind the label of the first."""
    row = next((row for _, row in split(list(enumerate(head, start=1)))), [])
    return any(_form(row[:end]) and is_time(row[end]) for end in range(3, len(row)))


def read(path: Path) -> dict[str, Annotation]:
    """The events by recording.

    Raises:
        UserError: a line is of another form than the first, or cannot be used.
    """
    rows = [(line, row) for line, row in split(numbered_lines(path), path) if any(row)]
    if _are_regions([row for _, row in rows]):
        rows = _spans(path, rows)
    form = next(form for _, row in rows if (form := _form(row)))
    eventful = [(line, row) for line, row in rows if not (form.onset and _is_empty(row))]
    require_clear_commas(path, ((line, cell) for line, row in eventful for cell in row[form.onset : form.onset + 2]))
    found: dict[str, list[Line]] = {row[0] if form.onset else OWN: [] for _, row in rows}
    for line, row in eventful:
        where = f"{path}, line {line}"
        if len(row) < form.onset + 3:
            raise UserError(f"{where}: {len(row)} cells: expected {form.what}, as in the lines before")
        if any(map(is_time, row[form.onset + 3 :])):
            raise UserError(f"{where}: what is the number behind the label? Remove it, or give the columns a header")
        if form.onset and not row[0]:
            raise UserError(f"{where}: the filename is empty: fill it in or remove the line")
        found[row[0] if form.onset else OWN].append((line, event_of(row[form.onset : form.onset + 3], where)))
    return annotations(found)


def _form(row: Sequence[str]) -> Form | None:
    """Of which form a line is; a number is no label, lest columns of measurements are taken for events."""
    return next((form for form in FORMS if _has(row, form.onset)), None)


def _has(row: Sequence[str], onset: int) -> bool:
    cells = row[onset:]
    return len(cells) >= 3 and bool(cells[2]) and [at for at, cell in enumerate(cells) if is_time(cell)] == [0, 1]


def _are_regions(rows: Sequence[Sequence[str]]) -> bool:
    """Whether what stands where a filename would are times: numbers, not all of them whole."""
    firsts = [row[0] for row in rows if _form(row) is FORMS[1] and is_time(row[0])]
    return len(firsts) == len(rows) and not all(map(str.isdigit, firsts))


def _spans(path: Path, regions: Sequence[Row]) -> list[Row]:
    """Onset, offset and label of regions, `time value duration label`."""
    require_clear_commas(path, ((line, row[place]) for line, row in regions for place in (0, 2)))
    _require_no_scores(path, regions)
    spans = []
    for line, (time, _, duration, *more) in regions:
        where = f"{path}, line {line}"
        spans.append((line, [time, later(time, seconds(duration, "duration", where), "time", where), *more]))
    return spans


def _require_no_scores(path: Path, regions: Sequence[Row]) -> None:
    """UserError where all might be onset, offset, score and label as well, and the two are not the same."""
    (line, first), *_ = regions
    cells = [[seconds(cell, "time", f"{path}, line {number}") for cell in row[:3]] for number, row in regions]
    if all(begin < second and 0 <= third <= 1 for begin, second, third in cells) and any(
        abs(begin + third - second) > SAME_SECONDS for begin, second, third in cells
    ):
        raise UserError(
            f"{path}, line {line}: {' '.join(first[:4])}: is this time, value, duration and label, as Sonic Visualiser "
            "writes regions, or onset, offset, score and label? Give the columns a header that says so"
        )


def _is_empty(row: Sequence[str]) -> bool:
    """Whether a line names a recording in which nothing happens."""
    return not any(row[1:]) and is_audio_name(row[0])


def opened(path: Path) -> LabelFile:
    return LabelFile(lambda: list(read(path)), lambda _: read(path))


FORMAT = LabelFormat("list", "list of events without a header", (".txt", ".tsv", ".csv"), matches, opened)

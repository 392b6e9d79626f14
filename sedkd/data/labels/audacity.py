r"""Audacity's label tracks: `onset <TAB> offset <TAB> label`, seconds, without a header.

A spectral selection follows its label in a line `\ <TAB> low <TAB> high` (Hz), of which nothing is used. A label at a
point in time has onset and offset alike, that is no length.
"""

from collections.abc import Sequence
from pathlib import Path

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.datasets.rows import event_of
from sedkd.data.events import require_clear_commas
from sedkd.data.labels.label_format import (
    OWN,
    LabelFile,
    LabelFormat,
    annotations,
    numbered_lines,
    of_one_recording,
)
from sedkd.data.table import tab_fields
from sedkd.errors import UserError

SPECTRAL = "\\"


def matches(head: Sequence[str]) -> bool:
    fields = tab_fields(head[0])
    return len(fields) in (2, 3) and all(map(_is_number, fields[:2]))


def read(path: Path) -> dict[str, Annotation]:
    """The labels of a track.

    Raises:
        UserError: a line is neither a label nor the spectral selection of the one before it.
    """
    rows = [(line, tab_fields(text)) for line, text in numbered_lines(path)]
    for place, (line, fields) in enumerate(rows):
        where = f"{path}, line {line}"
        if fields[0] == SPECTRAL:
            if not place:
                raise UserError(f"{where}: frequencies without a label before them: export the label track again")
        elif len(fields) not in (2, 3):
            raise UserError(
                f"{where}: {len(fields)} columns: expected onset, offset and label, separated by TABs, as Audacity "
                "exports labels"
            )
    labels = [(line, fields) for line, fields in rows if fields[0] != SPECTRAL]
    require_clear_commas(path, ((line, cell) for line, fields in labels for cell in fields[:2]))
    return annotations({OWN: [(line, event_of([*f, ""][:3], f"{path}, line {line}")) for line, f in labels]})


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def opened(path: Path) -> LabelFile:
    return LabelFile(of_one_recording, lambda _: read(path))


FORMAT = LabelFormat("audacity", "Audacity label track", (".txt",), matches, opened)

"""Detections as `sedkd detect --format json` writes them: a list of objects, whose columns are those of a table."""

import json
import warnings
from pathlib import Path

from sedkd.data.datasets.rows import event_of
from sedkd.data.events import COLUMNS, Annotations
from sedkd.data.labels.label_format import head_of
from sedkd.data.table import file_bytes, text_of
from sedkd.errors import RowWarning, UserError
from sedkd.spelling import composed

SUFFIX = ".json"


def is_json_list(path: Path) -> bool:
    """Whether a .json file begins as such a list does; an empty one is one."""
    head = "".join(head_of(path)).replace(" ", "")
    return head == "[]" or (head.startswith("[{") and f'"{COLUMNS[-1]}"' in head)


def read_json_list(path: Path) -> Annotations:
    """The events by recording. Those without length or that repeat another are dropped, with a warning.

    Raises:
        UserError: it is no JSON, or not such a list; entries count from 1.
    """
    try:
        rows = json.loads(text_of(path, file_bytes(path)))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    wanted = f"expected a list of objects with {' '.join(COLUMNS)}, as `sedkd detect --format json` writes it"
    if not isinstance(rows, list):
        raise UserError(f"{path}: {wanted}")
    found: Annotations = {}
    empty = 0
    for number, row in enumerate(rows, start=1):
        where = f"{path}, entry {number}"
        missing = [name for name in COLUMNS if not isinstance(row, dict) or name not in row]
        if missing:
            raise UserError(f"{where}: no {', '.join(missing)}: {wanted}")
        filename, *cells = ("" if row[name] is None else composed(str(row[name])).strip() for name in COLUMNS)
        if not filename:
            raise UserError(f"{where}: the filename is empty: fill it in, or remove the entry")
        events = found.setdefault(filename, [])
        if any(cells):
            events.append(event_of(cells, where))
        else:
            empty += 1  # nothing happens in it
    kept = {
        name: [event for event in dict.fromkeys(events) if event.offset > event.onset] for name, events in found.items()
    }
    lost = len(rows) - empty - sum(map(len, kept.values()))
    if lost:
        told = f"{path}: {lost} of {len(rows)} entries have no length or repeat another, dropped"
        warnings.warn(told, RowWarning, stacklevel=2)
    return kept

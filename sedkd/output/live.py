"""Events as they are told, one a line: a table with TABs, or JSON lines. Seconds from the start of the stream."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sedkd.stream.decisions import Told

COLUMNS = ("onset", "offset", "event_label", "confidence")
LIVE_FORMATS = ("tsv", "jsonl")


def beginning(form: str) -> str:
    """What comes before the first event."""
    return "\t".join(COLUMNS) + "\n" if form == "tsv" else ""


def line(told: "Told", form: str) -> str:
    """An event; one that has only begun has neither offset nor confidence."""
    values = _values(told)
    if form == "jsonl":
        row = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
        return json.dumps(row, ensure_ascii=False) + "\n"
    cells = (values.get(name, "") for name in COLUMNS)
    return "\t".join(f"{cell:.3f}" if isinstance(cell, float) else cell for cell in cells) + "\n"


def _values(told: "Told") -> dict[str, Any]:
    from sedkd.stream.decisions import Onset

    if isinstance(told, Onset):
        return {"onset": told.onset, "event_label": told.event_label}
    event, confidence = told
    return dict(zip(COLUMNS, (event.onset, event.offset, event.event_label, confidence), strict=True))

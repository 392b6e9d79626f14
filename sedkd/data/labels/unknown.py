"""What to say of a file that may hold labels by its name, and whose first lines are of no format that is read."""

from collections.abc import Sequence
from pathlib import Path

from sedkd.data.events import is_time
from sedkd.data.labels import event_list
from sedkd.data.labels.cells import header_of, key_of, split, squeezed, time_key_of
from sedkd.data.labels.label_format import unknown_encoding
from sedkd.data.labels.layouts import END, LENGTH, ONSET

HEADER = "give the columns a header such as file, onset, offset, label"
TABS = "separate onset, offset and label with TABs"
SHOWN = 60  # characters of the first line


def why_unknown(path: Path, head: Sequence[str], what: str = "no label file that sedkd knows") -> str:
    """A line that tells what is wrong with a file that begins with these lines, and how to mend it; `what` it is."""
    fault = unknown_encoding(path, head)
    if fault:
        return fault
    where = f"{path}, line 1"
    if not head:
        return f"{where}: {what} (it is empty): {HEADER}"
    if event_list.has_scores(head):
        return (
            f"{where}: {what}: of the number behind the label nobody says what it means: remove it, or give the "
            "columns a header such as onset, offset, label, confidence (and file, where that is the first column)"
        )
    first = f"its first line is {head[0].strip()[:SHOWN]!r}"
    missing = _missing(head)
    if missing:
        return f"{where}: {what} ({first}): {missing}"
    return f"{where}: {what} ({first}): {HEADER}, or {TABS}"


def _missing(head: Sequence[str]) -> str:
    """What a header of names lacks of the times that label files have; empty where the first line is none."""
    row = next((row for _, row in split(list(enumerate(head, start=1)))), [])
    if len(row) < 2 or any(map(is_time, row)):
        return ""
    names = header_of(head)
    keys = {squeezed(key_of(name)) for name in names} | {time_key_of(name)[0] for name in names}
    begins, ends = (bool(keys & set(map(squeezed, known))) for known in (ONSET, (*END, *LENGTH)))
    if begins and ends:
        return ""
    if not (begins or ends):
        return "which columns say when a label begins and ends? Call them onset and offset, in seconds"
    what, name = ("ends", "offset, or duration") if begins else ("begins", "onset")
    return f"which column says when a label {what}? Call it {name}, in seconds"

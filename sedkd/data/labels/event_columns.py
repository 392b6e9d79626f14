"""Tables with a column for each event, 1 where it occurs in the row's span and 0 where it does not: as OpenSoundscape
and others who label clips of equal length write them."""

from collections.abc import Collection
from dataclasses import replace

from sedkd.data.labels.agreement import require_one_label
from sedkd.data.labels.cells import Cells, key_of, squeezed

EVENTS = "columns of events"  # what the column is called in which the events stand afterwards
NO_EVENTS = frozenset(("channel", "channels", "fold", "id", "index", "selection", "split"))
FLAGS = {**dict.fromkeys(("1", "1.0", "true"), True), **dict.fromkeys(("0", "0.0", "false", ""), False)}


def a_row_per_event(cells: Cells, times: Collection[str], recording: Collection[str]) -> Cells:
    """The table with a row for each 1, whose event stands in a column `EVENTS`, in place of the columns of events.

    times, recording: the keys of other columns that may be there, of those that say when and of which recording. All
    further ones are events, but for `NO_EVENTS`; where they are not two, one of them holds anything but flags, or none
    has a 1, the table is left as it is. A row in which nothing occurs is left with its recording alone.

    Raises:
        UserError: two columns of events are called alike, and differ.
    """
    times, recording = set(map(squeezed, times)), set(map(squeezed, recording))
    keys = [squeezed(key_of(name)) for name in cells.header]
    events = [place for place, key in enumerate(keys) if key and key not in times | recording | NO_EVENTS]
    values = {cell.casefold() for place in events for _, cell in cells.column(place)}
    if len(events) < 2 or not values <= set(FLAGS) or not any(FLAGS[value] for value in values):
        return cells
    for place in events:
        require_one_label(cells, place)
    kept = [place for place in range(len(keys)) if place not in events]
    rows = []
    for line, row in cells.rows:
        here = [cells.header[place] for place in events if FLAGS[row[place].casefold()]]
        rows += [(line, (*(row[place] for place in kept), event)) for event in here]
        alone = [row[place] if keys[place] in recording else "" for place in kept]
        if not here and any(alone):
            rows.append((line, (*alone, "")))
    return replace(cells, header=(*(cells.header[place] for place in kept), EVENTS), rows=tuple(rows))

"""Times that a table has in milliseconds, or whose unit its header writes unlike others, as columns of seconds."""

from dataclasses import replace

from sedkd.data.events import number, require_clear_commas
from sedkd.data.labels.cells import Cells, key_of, squeezed, time_key_of
from sedkd.data.labels.layout import Layout

PER_SECOND = 1000


def in_seconds(cells: Cells, layout: Layout) -> Cells:
    """The table with its columns of times called as the layout calls them, in seconds where they say milliseconds.

    Raises:
        UserError: a time in milliseconds is no number.
    """
    times = {squeezed(key): key for key in (*layout.onset, *layout.end, *layout.length, *layout.within)}
    there = {squeezed(key_of(name)) for name in cells.header}
    header, scaled = list(cells.header), []
    for place, name in enumerate(cells.header):
        key, per_second = time_key_of(name)
        if squeezed(key_of(name)) not in times and key in times and key not in there:
            header[place] = times[key]
            scaled += [place] if per_second == PER_SECOND else []
    if not scaled:
        return replace(cells, header=tuple(header))
    require_clear_commas(cells.path, (cell for place in scaled for cell in cells.column(place)))
    rows = tuple(
        (line, tuple(_scaled(cells, line, place, cell) if place in scaled else cell for place, cell in enumerate(row)))
        for line, row in cells.rows
    )
    return replace(cells, header=tuple(header), rows=rows)


def _scaled(cells: Cells, line: int, place: int, cell: str) -> str:
    if not cell:
        return cell
    where, name = f"{cells.path}, line {line}", cells.header[place]
    return repr(number(cell, name, where, "milliseconds such as 1250") / PER_SECOND)

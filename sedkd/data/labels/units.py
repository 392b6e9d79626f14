"""Times that a table has in milliseconds, or whose unit its header writes unlike others, as columns of seconds."""

import re
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace

from sedkd.data.events import number, require_clear_commas
from sedkd.data.labels.cells import Cells, key_of, squeezed, time_key_of
from sedkd.data.labels.layout import Layout

PER_SECOND = 1000


def in_seconds(cells: Cells, layout: Layout) -> Cells:
    """The table with its columns of times called as the layout calls them, in seconds where they say milliseconds. Of
    two that are called alike but for a unit, such as `start` and `start_s`, the one that says it counts: the other may
    be of frames or samples.

    Raises:
        UserError: a time in milliseconds is no number.
    """
    times = {squeezed(key): key for key in (*layout.onset, *layout.end, *layout.length, *layout.within)}
    header, scaled = _with_units(cells.header, set(times)), []
    there = {squeezed(key_of(name)) for name in header}
    for place, name in enumerate(header):
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


def _with_units(header: Sequence[str], times: Container[str]) -> list[str]:
    """The header without the names of times beside which the same stands with its unit."""
    alike: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(header):
        alike[time_key_of(name)[0]].append(place)
    names = list(header)
    for key, places in alike.items():
        bare = [place for place in places if re.sub(r"[\s_.-]+", "", header[place].casefold()) == key]
        if key in times and len(bare) < len(places):
            for place in bare:
                names[place] = ""
    return names


def _scaled(cells: Cells, line: int, place: int, cell: str) -> str:
    if not cell:
        return cell
    where, name = f"{cells.path}, line {line}", cells.header[place]
    return repr(number(cell, name, where, "milliseconds such as 1250") / PER_SECOND)

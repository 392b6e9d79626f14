"""Tables that fit a terminal without a letter lost: long cells go on below, and what is left out is said."""

from collections.abc import Sequence
from copy import copy

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table

from sedkd.words import several

ENOUGH = 1 << 16  # characters that no cell takes

Sizes = dict[int, tuple[int, int]]
"""By a column's id what it takes where no word is broken, and where nothing goes on below."""


def fitted(
    table: Table, console: Console, kept: Sequence[str] = (), least: Sequence[str] = ()
) -> tuple[Table, list[str]]:
    """A table as wide as the console, and the columns that are left out for that: those of `least` first, by their
    heads, then the rightmost; neither the first one nor those of `kept`, whose words are broken where they must be."""
    sizes, shown = _sizes(table, console), _groups(table)
    spare = [group for group in reversed(shown[1:]) if group[0].header not in kept]
    named = [group for head in least for group in spare if group[0].header == head]
    order = [*named, *(group for group in spare if group not in named)]
    out: list[list[Column]] = []
    while order and _needs(table, shown, sizes, console) > console.width:
        out.append(order.pop(0))
        shown.remove(out[-1])
    columns = [column for group in shown for column in group]
    room = console.width - _frame(table, len(columns), console)
    found = _of(table, columns, _widths([sizes[id(column)] for column in columns], room))
    return found, [" ".join(str(group[0].header).split()) for group in _groups(table) if group in out]


def least_width(table: Table, console: Console) -> int:
    """How wide a table is at least where no word is broken."""
    return _needs(table, _groups(table), _sizes(table, console), console)


def left_out(heads: Sequence[str], more: str) -> str:
    """What to say of columns that are left out, and where there is `more`."""
    verb = "is" if len(heads) == 1 else "are"
    return f"{several(len(heads), 'column')} {verb} left out: {', '.join(heads)}; a wider terminal shows them{more}"


def _groups(table: Table) -> list[list[Column]]:
    """The columns, each with those without a head behind it, which say more of it."""
    groups: list[list[Column]] = []
    for column in table.columns:
        if groups and not column.header:
            groups[-1].append(column)
        else:
            groups.append([column])
    return groups


def _sizes(table: Table, console: Console) -> Sizes:
    return {id(column): _size(column, console) for column in table.columns}


def _size(column: Column, console: Console) -> tuple[int, int]:
    options = console.options.update(width=ENOUGH)
    cells: list[RenderableType] = [column.header, *column.cells]
    found = [Measurement.get(console, options, cell) for cell in cells]
    most = max(size.maximum for size in found)
    return most if column.no_wrap else max(size.minimum for size in found), most


def _needs(table: Table, groups: Sequence[Sequence[Column]], sizes: Sizes, console: Console) -> int:
    columns = [column for group in groups for column in group]
    return _frame(table, len(columns), console) + sum(sizes[id(column)][0] for column in columns)


def _frame(table: Table, columns: int, console: Console) -> int:
    """How much of a table's width is lines and blanks between so many columns."""
    empty = copy(table)
    empty.columns, empty.rows, empty.title = [], [], None
    for _ in range(columns):
        empty.add_column("", width=1)
    return Measurement.get(console, console.options.update(width=ENOUGH), empty).minimum - columns


def _of(table: Table, columns: Sequence[Column], widths: Sequence[int]) -> Table:
    """A table of these columns alone, each so wide."""
    found = copy(table)
    found.columns, found.rows = [], []
    for column, width in zip(columns, widths, strict=True):
        found.add_column(column.header, justify=column.justify, overflow="fold", width=width)
    for row, cells in zip(table.rows, zip(*(column.cells for column in columns), strict=True), strict=True):
        found.add_row(*cells, style=row.style, end_section=row.end_section)
    return found


def _widths(sizes: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Of columns, by what they take at least and at most: where there is room for their words, what is left is shared
    by those that lack some; else the room is, and the words of the widest are broken."""
    least = [size for size, _ in sizes]
    if sum(least) > room:
        return [max(width, 1) for width in _shared(room, least)]
    more = _shared(room - sum(least), [most - size for size, most in sizes])
    return [width + share for width, share in zip(least, more, strict=True)]


def _shared(room: int, wanted: Sequence[int]) -> list[int]:
    """The same for each, but none more than it wants."""
    found = [0] * len(wanted)
    for rank, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        found[place] = min(wanted[place], max(room, 0) // (len(wanted) - rank))
        room -= found[place]
    return found

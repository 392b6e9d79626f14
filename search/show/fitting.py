"""Tables that fit a terminal without a letter lost: long cells go on below, and what is left out is said."""

from collections.abc import Sequence
from copy import copy

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

from sedkd.words import several

BROKEN = 8  # characters that a column whose words may be broken takes at least
ENOUGH = 1 << 16  # characters that no table takes


def fitted(
    table: Table, console: Console, kept: Sequence[str] = (), least: Sequence[str] = ()
) -> tuple[Table, list[str]]:
    """A table as wide as the console, and the columns that are left out for that: those of `least` first, by their
    heads, then the rightmost; neither the first one nor those of `kept`, whose words are broken where they must be."""
    shown = _groups(table)
    spare = [group for group in reversed(shown[1:]) if group[0].header not in kept]
    named = [group for head in least for group in spare if group[0].header == head]
    order = [*named, *(group for group in spare if group not in named)]
    out: list[list[Column]] = []
    while order and _needs(_of(table, shown, console), console) > console.width:
        out.append(order.pop(0))
        shown.remove(out[-1])
    found = _of(table, shown, console)
    _share(found, console)
    return found, [" ".join(str(group[0].header).split()) for group in _groups(table) if group in out]


def least_width(table: Table, console: Console) -> int:
    """How wide a table is at least where no word is broken."""
    return _needs(_of(table, _groups(table), console), console)


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


def _of(table: Table, groups: Sequence[Sequence[Column]], console: Console) -> Table:
    """A table of these columns alone, each of which tells how wide it is at least."""
    columns = [column for group in groups for column in group]
    found = copy(table)
    found.columns, found.rows = [], []
    for column in columns:
        found.add_column(
            column.header,
            justify=column.justify,
            overflow="fold",
            no_wrap=column.no_wrap,
            min_width=_least(column, console),
        )
    for row, cells in zip(table.rows, zip(*(column.cells for column in columns), strict=True), strict=True):
        found.add_row(*cells, style=row.style, end_section=row.end_section)
    return found


def _needs(table: Table, console: Console) -> int:
    return Measurement.get(console, console.options.update(width=ENOUGH), table).minimum


def _least(column: Column, console: Console) -> int:
    sizes = [_size(cell, console) for cell in (column.header, *column.cells)]
    longest = max(size.maximum if column.no_wrap else size.minimum for size in sizes)
    return min(longest, BROKEN) if column.overflow == "fold" and not column.no_wrap else longest


def _size(cell: object, console: Console) -> Measurement:
    return Measurement.get(console, console.options.update(width=ENOUGH), cell)  # type: ignore[arg-type]


def _share(table: Table, console: Console) -> None:
    """Give each column its longest word, and of what is left those whose words may stand below each other the same, but
    none more than it lacks; where that is less than nothing, they are broken, and no other one is."""
    spare = console.width - _needs(table, console)
    widths = [_width(column, console) for column in table.columns]
    lacks = {
        place: 0 if column.no_wrap else most - least
        for place, (column, (least, most)) in enumerate(zip(table.columns, widths, strict=True))
    }
    for rank, place in enumerate(sorted(lacks, key=lambda place: lacks[place])):
        column = table.columns[place]
        if spare < 0 and not column.no_wrap:
            column.min_width = None
            continue
        more = min(lacks[place], max(spare, 0) // (len(lacks) - rank))
        column.width = widths[place][0] + more
        spare -= more


def _width(column: Column, console: Console) -> tuple[int, int]:
    """What a column takes where each word stands by itself, and where none does."""
    sizes = [_size(cell, console) for cell in (column.header, *column.cells)]
    return max(column.min_width or 0, *(size.minimum for size in sizes)), max(size.maximum for size in sizes)

"""Tables that fit a terminal without a letter lost: long cells go on below, and what is left out is said."""

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

from sedkd.words import several

BROKEN = 12  # characters that a column whose words may be broken takes at least
ENOUGH = 1 << 16  # characters that no table takes


def fitted(
    table: Table, console: Console, kept: Sequence[str] = (), least: Sequence[str] = ()
) -> tuple[Table, list[str]]:
    """A table as wide as the console, and the columns that are left out for that: those of `least` first, by their
    heads, then the rightmost; neither the first one nor those of `kept`, whose words are broken where they must be."""
    shown, out = list(table.columns), list[Column]()
    heads = {str(column.header): column for column in shown[1:] if column.header not in kept}
    order = [*(head for head in least if head in heads), *(head for head in reversed(heads) if head not in least)]
    while order and _needs(_of(table, shown, console), console) > console.width:
        out.append(heads[order.pop(0)])
        shown.remove(out[-1])
    found = _of(table, shown, console)
    _share(found, console)
    return found, [" ".join(str(column.header).split()) for column in table.columns if column in out]


def least_width(table: Table, console: Console) -> int:
    """How wide a table is at least where no word is broken."""
    return _needs(_of(table, table.columns, console), console)


def left_out(heads: Sequence[str], more: str) -> str:
    """What to say of columns that are left out, and where there is `more`."""
    verb = "is" if len(heads) == 1 else "are"
    return f"{several(len(heads), 'column')} {verb} left out: {', '.join(heads)}; a wider terminal shows them{more}"


def _of(table: Table, columns: Sequence[Column], console: Console) -> Table:
    """A table of these columns alone, each of which tells how wide it is at least."""
    found = Table(
        title=table.title, title_justify=table.title_justify, header_style=table.header_style, pad_edge=table.pad_edge
    )
    for column in columns:
        found.add_column(
            column.header,
            justify=column.justify,
            overflow="fold",
            no_wrap=column.no_wrap,
            min_width=_least(column, console),
        )
    for row, cells in zip(table.rows, zip(*(column.cells for column in columns), strict=True), strict=True):
        found.add_row(*cells, end_section=row.end_section)
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
    """Give each column its least width, and those whose words may stand below each other what is left, in order; where
    that is less than nothing, they are broken, and no other one is."""
    spare = console.width - _needs(table, console)
    for column in table.columns:
        width = column.min_width or 0
        wanted = max(_size(cell, console).maximum for cell in (column.header, *column.cells))
        if spare < 0 and not column.no_wrap:
            column.min_width = None
            continue
        more = 0 if column.no_wrap else min(spare, wanted - width)
        column.width, spare = width + more, spare - more

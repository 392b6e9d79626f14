"""`sedkd space`: what a search would vary, and between which values."""

import argparse
from typing import Any

from search.cli.guard import typed_path


def add_parser(subparsers: Any) -> None:
    """Add the command `space`."""
    parser = subparsers.add_parser("space", help="show what a search varies", description=__doc__)
    parser.add_argument("--space", type=typed_path, metavar="FILE", help="your own space (default: the built-in one)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the dimensions as a table."""
    from rich.table import Table

    from search.setup.setting import default_space, own_file
    from search.show.display import Display
    from search.space.words import SPACE_HEAD, space_rows

    space = own_file(options.space)[1] if options.space else default_space()
    table = Table(
        title=str(options.space) if options.space else "the default space", title_justify="left", pad_edge=False
    )
    for head in SPACE_HEAD:
        table.add_column(head, overflow="fold", no_wrap=head == "dimension")
    for row in space_rows(space.as_dict(), space.help):
        table.add_row(*row)
    Display().table(table, kept=SPACE_HEAD)  # its cells are long, and go on below
    return 0

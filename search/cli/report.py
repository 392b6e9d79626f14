"""`sedkd report`: a study as one page for a browser, which needs no network."""

import argparse
from pathlib import Path
from typing import Any

from search.cli.front import add_study_options
from search.cli.guard import require_ending, typed_path
from search.cli.store import store_of


def add_parser(subparsers: Any) -> None:
    """Add the command `report`."""
    parser = subparsers.add_parser("report", help="write a study as one HTML page", description=__doc__)
    add_study_options(parser)
    parser.add_argument("--out", type=typed_path, metavar="FILE.html", help="where to (default: ./STUDY.html)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from search.show.page.page import page_of
    from search.study.names import cleaned
    from search.study.opening import load_study
    from sedkd.disk.paths import written_atomically
    from sedkd.errors import UserError

    require_ending(options.out, ".html")
    study = load_study(store_of(options), options.env, options.study)
    out = options.out or Path(f"{cleaned(study.name)}.html")
    if out.is_dir():
        raise UserError(f"{out}: is a folder; give --out a file")
    page = page_of(study)
    with written_atomically(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(f"{out}: open it in a browser; it holds all that it shows")
    return 0

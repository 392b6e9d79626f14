"""`sedkd report`: a study as one page for a browser, which needs no network."""

import argparse
from pathlib import Path
from typing import Any

from search.cli.front import add_study_options


def add_parser(subparsers: Any) -> None:
    """Add the command `report`."""
    parser = subparsers.add_parser("report", help="write a study as one HTML page", description=__doc__)
    add_study_options(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="where to (default: ./STUDY.html)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from search.run.curves import pictures_of
    from search.show.page.page import page_of
    from search.study.names import cleaned
    from search.study.opening import load_study
    from search.study.store import open_store
    from sedkd.disk.paths import written_atomically
    from sedkd.errors import UserError

    store = open_store(options.store)
    study = load_study(store, options.env, options.study)
    out = options.out or Path(f"{cleaned(study.study_name)}.html")
    if out.is_dir():
        raise UserError(f"{out}: is a folder; give --out a file")
    pictures, lack = pictures_of(study, store)
    if lack:
        print(f"no precision and recall: {lack}")
    page = page_of(study, store, pictures)
    with written_atomically(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(f"{out}: open it in a browser; it holds all that it shows")
    return 0

"""`sedkd worker`: take part in a search that was begun on another machine."""

import argparse
from pathlib import Path
from typing import Any

from search.cli.store import add_store_options, store_of

DESCRIPTION = (
    "Train for a study that `sedkd-search` began, on any machine that reaches its storage and has its data, until its "
    "trials are done. Nothing is trained unless data, annotations, teacher, space and version are the study's."
)


def add_parser(subparsers: Any) -> None:
    """Add the command `worker`."""
    parser = subparsers.add_parser("worker", help="train for a search on another machine", description=DESCRIPTION)
    parser.add_argument("--join", required=True, metavar="STUDY", help="the study's name, as its search said it")
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        metavar="DIR",
        help="its recordings, where they lie elsewhere here",
    )
    parser.add_argument("--space", type=Path, metavar="FILE", help="its space, where it lies elsewhere here")
    parser.add_argument("--teacher", metavar="KIND", help="its teacher, where its file lies elsewhere here")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, or auto (default: as the study's search)")
    add_store_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Join, and train."""
    from search.run.joining import join

    here = {"data": options.data and tuple(options.data), "space": options.space, "teacher": options.teacher}
    given = {name: value for name, value in {**here, "device": options.device}.items() if value}
    return join(options.join, store_of(options), given)

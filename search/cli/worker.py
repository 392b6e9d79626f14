"""`sedkd worker`: take part in a search that was begun on another machine."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search.cli.guard import GOES_ON, positive, typed_path
from search.cli.store import add_store_options, store_of

if TYPE_CHECKING:
    from search.setup.request import Request

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
        type=typed_path,
        action="append",
        metavar="DIR",
        help="its recordings, where they lie elsewhere here",
    )
    parser.add_argument(
        "--impulse-responses",
        type=typed_path,
        metavar="DIR",
        help="its impulse responses, where they lie elsewhere here",
    )
    parser.add_argument("--space", type=typed_path, metavar="FILE", help="its space, where it lies elsewhere here")
    parser.add_argument("--teacher", metavar="KIND", help="its teacher, where its file lies elsewhere here")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, or auto (default: as the study's search)")
    parser.add_argument(
        "--workers", type=positive(int), metavar="N", help="trials at once here (one a core; on a GPU 1)"
    )
    add_store_options(parser)
    parser.set_defaults(run=run, interrupted=GOES_ON)


def run(options: argparse.Namespace) -> int:
    """Join, and train."""
    from search.run.joining import join

    return join(options.join, store_of(options), lambda typed: _request_of(typed, options))


def _request_of(typed: Mapping[str, Any], here: argparse.Namespace) -> "Request":
    """What was typed where the study began, as it is asked for here."""
    from search.cli.search import parser, request_of
    from search.cli.typed import words_of

    own = {name: getattr(here, name) for name in ("data", "impulse_responses", "space", "teacher", "device")}
    words = words_of({**typed, **{name.replace("_", "-"): value for name, value in own.items() if value}})
    return replace(request_of(parser().parse_args(words)), store=store_of(here), workers=here.workers)

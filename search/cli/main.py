"""`sedkd`: everything around a search."""

import argparse
import sys
from collections.abc import Sequence

from search.cli import (
    compare,
    data,
    detect,
    export,
    front,
    init,
    listen,
    plot,
    report,
    review,
    score,
    space,
    sync,
    teacher,
    ui,
    worker,
)
from search.cli.guard import ANEW, Parser, guarded


def parser() -> argparse.ArgumentParser:
    top = Parser(
        prog="sedkd", description="Small sound event detectors, distilled for the place where they will listen."
    )
    top.add_argument("--version", action="version", version=_version())
    top.set_defaults(interrupted=ANEW)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    of_studies, of_students = (front, report, compare, export, worker, sync, ui), (detect, listen, review, plot, score)
    for module in (init, *of_studies, *of_students, space, teacher, data):
        module.add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `sedkd`; returns the exit code."""
    options = parser().parse_args(argv)
    return guarded(lambda: options.run(options), options.interrupted)


def _version() -> str:
    from sedkd import __version__

    return f"sedkd {__version__}"


if __name__ == "__main__":
    sys.exit(main())

"""`sedkd data check`: what was recognised in a folder, how much of it there is, and what of it needs mending."""

import argparse
from typing import TYPE_CHECKING, Any

from search.cli.guard import positive, typed_path
from search.cli.subject import LABEL_COLUMN
from sedkd.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sedkd.data.datasets.survey import Part, Survey


MAX_LINES = 30  # label files, notes and problems that are told one by one


def add_parser(commands: Any) -> None:
    """Add the command `check`."""
    parser = commands.add_parser(
        "check",
        help="look at a dataset before training on it",
        description="Say what lies in DIR, what each label file was taken for, how much of it is there, and what each "
        "split holds. Exits with 1 where "
        "training would be wrong, one line per problem. Of test annotations nothing is told but mistakes.",
    )
    parser.add_argument(
        "folders", nargs="+", type=typed_path, metavar="DIR", help="several make one pool, as with --data"
    )
    parser.add_argument("--dataset", metavar="NAME", help="what lies in DIR, where it is not recognised as you mean it")
    parser.add_argument("--fold", type=positive(int), metavar="N", help="the official fold whose test list is test")
    parser.add_argument("--label-column", metavar="NAME", help=LABEL_COLUMN)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look, tell; a UserError is left to the caller."""
    import json
    from dataclasses import asdict

    from search.setup.setting import built_in
    from search.show.display import Display
    from sedkd.data.datasets.survey import survey
    from sedkd.progress import counting

    if options.json:
        found = survey(options.folders, built_in(), options.dataset, options.fold, options.label_column)
        print(json.dumps(asdict(found), indent=1))
    else:
        with Display() as display:
            look = counting(display.preparing, "looking into recordings")
            found = survey(options.folders, built_in(), options.dataset, options.fold, options.label_column, look)
        _show(found)
    return 1 if found.problems else 0


def _show(found: "Survey") -> None:
    for one in found.datasets:
        print(f"{one.title} ({one.name}) in {one.folder}")
        print(f"  licence: {one.licence}")
        print(
            f"  {several(one.recordings, 'recording')}; {one.missing} listed ones are missing, "
            f"{one.unlisted} in no list"
        )
        _list("  ", one.files, "label files")
    for part in found.parts:
        print(f"{part.environment}, {part.split}: {_words(part)}")
    _list("note: ", found.notices, "notes")
    _list("problem: ", found.problems, "problems")
    print(several(len(found.problems), "problem") if found.problems else "ready to search")


def _list(before: str, lines: "Sequence[str]", what: str) -> None:
    """The first of them, and how many more there are."""
    for line in lines[:MAX_LINES]:
        print(f"{before}{line}")
    if len(lines) > MAX_LINES:
        print(f"{before}... and {len(lines) - MAX_LINES} more {what} (--json lists them)")


def _words(part: "Part") -> str:
    rates = ", ".join(f"{count} at {rate} Hz" for rate, count in part.rates.items())
    words = f"{several(part.recordings, 'recording')} ({rates}), {part.hours:.2f} h"
    if part.polyphony is not None:
        words += f", at most {part.polyphony} at a time"
    if part.events is not None:
        return f"{words}: " + ", ".join(f"{label} {count}" for label, count in part.events.items())
    return f"{words}; annotations sealed until the end" if part.split == "test" else words

"""`sedkd data`: look at data, convert or make some. `synthesise` mixes soundscapes out of isolated recordings."""

import argparse
from typing import TYPE_CHECKING, Any

from search.cli import check, convert
from search.cli.guard import SEED, between, typed_path
from sedkd.words import several

if TYPE_CHECKING:
    from sedkd.synth.isolated import Report

_SPLITS = {"train": 100, "validation": 80, "test": 100, "unlabeled": 200}
_WEAK = "weak"
_COUNT = between(int, 0, 10**6)
_SECONDS = between(float, 0.1, 3600)
_HERTZ = between(int, 1000, 384_000)


def add_parser(subparsers: Any) -> None:
    """Add the command group to what argparse's add_subparsers() returned."""
    group = subparsers.add_parser(
        "data", help="check data, convert or make some", description="Check data, convert or make some."
    )
    commands = group.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    check.add_parser(commands)
    convert.add_parser(commands)
    parser = commands.add_parser(
        "synthesise",
        aliases=["synthesize"],
        help="mix soundscapes with exact truth out of isolated recordings",
        description="Mix soundscapes with exact onsets and offsets out of isolated recordings, such as ESC-50's, "
        "sorted into one folder per class. Recordings are shared out by fold (1-3 train, unlabeled and weak, 4 "
        "validation, 5 test), so that no recording is heard in two splits. The result is a folder per environment that "
        "every other command reads.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--events", type=typed_path, required=True, metavar="DIR", help="folder with a folder per class"
    )
    parser.add_argument(
        "--backgrounds",
        type=typed_path,
        metavar="DIR",
        help="background recordings, for environments without their own",
    )
    parser.add_argument(
        "--out", type=typed_path, required=True, metavar="DIR", help="folder to write; must be new or empty"
    )
    parser.add_argument(
        "--recipe",
        type=typed_path,
        metavar="FILE",
        help="YAML with the environments (example: spaces/recipes/esc10.yaml); without it, one of all classes",
    )
    for split, count in _SPLITS.items():
        parser.add_argument(f"--{split}", type=_COUNT, default=count, metavar="N", help="clips per environment")
    parser.add_argument(
        f"--{_WEAK}",
        type=_COUNT,
        default=0,
        metavar="N",
        help="clips per environment with clip-level labels only",
    )
    parser.add_argument("--seed", type=SEED, default=0, metavar="N", help="the same seed gives the same bytes")
    parser.add_argument("--clip-seconds", type=_SECONDS, default=10.0, metavar="S", help="length of a clip")
    parser.add_argument("--rate", type=_HERTZ, default=16_000, metavar="HZ", help="sampling rate to write")
    parser.add_argument(
        "--truth", choices=("tsv", "jams"), default="tsv", help="tables, or also a JAMS file beside each labelled clip"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the soundscapes under a progress bar; a UserError is left to the caller."""
    from rich.progress import Progress

    from sedkd.synth.isolated import synthesise
    from sedkd.synth.recipe_file import read_recipes

    recipes = read_recipes(args.recipe) if args.recipe else None
    with Progress(transient=True) as bar:
        task = bar.add_task("mixing", total=None)
        report = synthesise(
            args.events,
            args.backgrounds,
            args.out,
            recipes=recipes,
            counts={split: getattr(args, split) for split in (*_SPLITS, _WEAK)},
            seed=args.seed,
            rate=args.rate,
            clip_seconds=args.clip_seconds,
            truth=args.truth,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    _show(report)
    return 0


def _show(report: "Report") -> None:
    from rich.table import Table

    from search.show.display import Display

    table = Table(title=str(report.out), title_justify="left")
    for column in ("environment", "split"):
        table.add_column(column)
    for column in ("clips", "events"):
        table.add_column(column, justify="right")
    for (environment, split), clips in report.clips.items():
        events = report.events.get((environment, split))
        text = "hidden" if events is None else several(events, "label") if split == _WEAK else str(events)
        table.add_row(environment, split, str(clips), text)
    display = Display()
    display.table(table)
    for note in report.notes:
        display.print(f"note: {note}")

"""`sedkd front`: the Pareto front of an environment's study."""

import argparse
import sys
from typing import Any

from search.cli.guard import typed_path
from search.cli.store import add_store_options, store_of
from sedkd.words import several


def add_parser(subparsers: Any) -> None:
    """Add the command `front`."""
    parser = subparsers.add_parser("front", help="show the Pareto front of a study", description=__doc__)
    add_study_options(parser)
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--picture", type=typed_path, metavar="FILE", help="also draw it, to a .png or .svg")
    parser.set_defaults(run=run)


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Options that name a study."""
    parser.add_argument("--env", metavar="NAME", help="environment; its latest study is taken")
    parser.add_argument("--study", metavar="NAME", help="a study by its own name")
    add_store_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the front to stdout."""
    from search.pareto.front import front
    from search.pareto.luck import seeds_words
    from search.show.tables import CSV_HAS_ALL, KEPT, LEAST, front_frame, front_table, placed_table
    from search.study.opening import load_study
    from search.study.scores import notes_on_test

    study = load_study(store_of(options), options.env, options.study)
    objectives, members = study.objectives, study.require_finished()
    if options.picture:  # first: a place that cannot be written to is told before anything else is
        from search.show.front_figure import front_picture

        kind = "SYNTHETIC soundscapes, " if study.facts["synthetic"] else ""
        front_picture(members, objectives, f"{study.name} ({kind}{several(study.spent(), 'trial')})", options.picture)
    tests = {m.number: study.test_scores(m.number) for m in members}
    eights = {m.number: study.eight_bits(m.number) for m in members}
    if options.format == "table":
        from search.show.display import Display

        title = f"{study.title}: the front of {several(study.spent(), 'trial')}"
        means = {m.number: study.confirmed(m.number) for m in members}
        display = Display()
        display.table(front_table(members, objectives, tests, title, means), KEPT, LEAST, CSV_HAS_ALL)
        placed = placed_table(members, objectives, eights)
        if placed is not None:
            display.table(placed, more=CSV_HAS_ALL)
        if seeds := seeds_words(front(members, objectives)):
            display.print(seeds)
        for note in notes_on_test(tests.values()):
            display.notice(note)
    elif options.format == "csv":
        front_frame(members, objectives, tests, eights).to_csv(sys.stdout, index=False)
    else:
        frame = front_frame(members, objectives, tests, eights)
        print(frame.to_json(orient="records", indent=2))
    return 0

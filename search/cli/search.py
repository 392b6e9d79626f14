"""`sedkd-search`: search over distillation strategies for one environment."""

import argparse
import sys
from collections.abc import Sequence

from search.cli.guard import guarded, positive
from search.cli.subject import add_subject_options, subject_of

EXAMPLES = """examples:
  sedkd-search --env street --trials 12                             built-in synthetic soundscapes
  sedkd-search --env street --subset traffic --trials 50            a named subset of the events
  sedkd-search --env farm --data ~/recordings --trials 50           your own recordings
The same line continues a study: --trials counts finished trials in all."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="sedkd-search",
        description="Search for small sound event detectors, distilled for one environment: F1 up, cost down.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_subject_options(top)
    budget = top.add_argument_group("how long, how large")
    budget.add_argument("--trials", type=positive(int), default=50, metavar="N", help="finished trials in all (50)")
    budget.add_argument("--timeout", type=positive(float), metavar="SECONDS", help="start no trial after this long")
    budget.add_argument(
        "--max-macs", type=positive(float), metavar="N", help="at most N multiply-accumulates per second of audio"
    )
    budget.add_argument("--objectives", default="f1_segment,macs", metavar="A,B", help="two or three (f1_segment,macs)")
    budget.add_argument("--steps", type=positive(int), metavar="N", help="optimiser steps per student (150)")
    budget.add_argument("--seed", type=int, default=0, help="seed of sampler and students (0)")
    where = top.add_argument_group("where")
    where.add_argument("--store", metavar="DIR", help="folder of results (default: $SEDKD_STORE or ./mlruns)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `sedkd-search`; returns the exit code."""
    options = parser().parse_args(argv)
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    from search.session import Request, run_search

    return run_search(
        Request(
            subject=subject_of(options),
            trials=options.trials,
            timeout=options.timeout,
            max_macs=options.max_macs,
            objectives=options.objectives,
            steps=options.steps,
            seed=options.seed,
            store=options.store,
        )
    )


if __name__ == "__main__":
    sys.exit(main())

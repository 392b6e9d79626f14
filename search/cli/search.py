"""`sedkd-search`: search over distillation strategies for one environment."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from search.cli.guard import guarded, positive

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
    what = top.add_argument_group("what to listen for, and where")
    what.add_argument(
        "--env", required=True, metavar="NAME", help="environment: street, home, ... or one of your data's"
    )
    what.add_argument("--data", type=Path, metavar="DIR", help="your recordings (default: synthetic soundscapes)")
    narrowing = what.add_mutually_exclusive_group()
    narrowing.add_argument("--events", metavar="A,B", help="only these events")
    narrowing.add_argument("--subset", metavar="NAME", help="only this named subset of the events")
    what.add_argument("--space", type=Path, metavar="FILE", help="your own environment and search space (YAML)")
    what.add_argument(
        "--teacher",
        metavar="KIND",
        help="crnn, timm:NAME, mn04_as, mn10_as, an EfficientAT .pt or a sedkd .safetensors file, or your own "
        "module:callable; several, joined by commas, make ensembles possible, the first one being the main teacher "
        "(default: crnn on synthetic soundscapes; on your data mn04_as when it has been fetched, else crnn)",
    )
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
    where.add_argument("--device", default="auto", metavar="NAME", help="cpu, cuda, or auto (default)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `sedkd-search`; returns the exit code."""
    options = parser().parse_args(argv)
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    from search.session import Request, run_search

    return run_search(
        Request(
            environment=options.env,
            data=options.data,
            events=options.events.split(",") if options.events is not None else None,
            subset=options.subset,
            space=options.space,
            teacher=options.teacher,
            trials=options.trials,
            timeout=options.timeout,
            max_macs=options.max_macs,
            objectives=options.objectives,
            steps=options.steps,
            seed=options.seed,
            store=options.store,
            device=options.device,
        )
    )


if __name__ == "__main__":
    sys.exit(main())

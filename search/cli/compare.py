"""`sedkd compare`: is a student distilled for its environment better, at one architecture, or not distinguishable?"""

import argparse
from pathlib import Path
from typing import Any

from search.cli.guard import positive


def add_parser(subparsers: Any) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser(
        "compare",
        help="scratch, generic and environment-aware distillation at one architecture, with intervals",
        description="Train one architecture from scratch, by generic and by environment-aware distillation, with the "
        "same labelled clips, steps and tries of the learning rate; score all on test once; tell every difference with "
        "its 95 % interval and a verdict: better, worse, or not distinguishable.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--env", required=True, metavar="NAME", help="environment: built in, or one of your data's")
    parser.add_argument("--data", type=Path, metavar="DIR", help="your recordings; without: SYNTHETIC soundscapes")
    narrowing = parser.add_mutually_exclusive_group()
    narrowing.add_argument("--events", metavar="A,B", help="only these events")
    narrowing.add_argument("--subset", metavar="NAME", help="only this named subset of the events")
    parser.add_argument("--space", type=Path, metavar="FILE", help="your own environment and defaults (YAML)")
    parser.add_argument("--teacher", metavar="KIND", help="as in sedkd-search")
    parser.add_argument(
        "--architecture",
        default="knee",
        metavar="WHICH",
        help='of the latest study\'s front: knee, best, smallest, trial:N, "within 1%%"; or "separable+gru 16x4"',
    )
    parser.add_argument("--strategy", default="response", metavar="NAME", help="of the distilled arms")
    parser.add_argument("--seeds", type=positive(int), default=5, metavar="N", help="students per arm")
    parser.add_argument("--steps", type=positive(int), default=400, metavar="N", help="optimiser steps per student")
    parser.add_argument("--ablate", action="store_true", help="also each environment-aware part switched off in turn")
    parser.add_argument("--store", metavar="DIR", help="folder of results (default: $SEDKD_STORE or ./mlruns)")
    parser.add_argument("--device", default="auto", metavar="NAME", help="cpu, cuda, or auto")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, score, show."""
    from search.comparing import Question, run_compare

    return run_compare(
        Question(
            environment=options.env,
            data=options.data,
            events=options.events.split(",") if options.events is not None else None,
            subset=options.subset,
            space=options.space,
            teacher=options.teacher,
            architecture=options.architecture,
            strategy=options.strategy,
            seeds=options.seeds,
            steps=options.steps,
            ablate=options.ablate,
            store=options.store,
            device=options.device,
        )
    )

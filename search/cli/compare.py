"""`sedkd compare`: is a student distilled for its environment better, at one architecture, or not distinguishable?"""

import argparse
from typing import Any

from search.cli.guard import positive
from search.cli.subject import add_subject_options, subject_of


def add_parser(subparsers: Any) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser(
        "compare",
        help="scratch, generic and environment-aware distillation at one architecture, with intervals",
        description="Train one architecture from scratch, by generic and by environment-aware distillation, with the "
        "same labelled clips, steps and tries of the learning rate; score all on test once; tell every difference with "
        "its 95 % interval and a verdict: better, worse, or not distinguishable.",
    )
    add_subject_options(parser)
    parser.add_argument(
        "--architecture",
        default="knee",
        metavar="WHICH",
        help="of the latest study's front: knee (default), best, smallest, trial:N, 'within 1%%'; "
        "or spelt out: 'separable+gru 16x4'",
    )
    parser.add_argument("--strategy", default="response", metavar="NAME", help="of the distilled arms (response)")
    parser.add_argument("--seeds", type=positive(int), default=5, metavar="N", help="students per arm (5)")
    parser.add_argument(
        "--steps", type=positive(int), default=400, metavar="N", help="optimiser steps per student (400)"
    )
    parser.add_argument("--ablate", action="store_true", help="also each environment-aware part switched off in turn")
    parser.add_argument("--store", metavar="DIR", help="folder of results (default: $SEDKD_STORE or ./mlruns)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, score, show."""
    from search.comparing import Question, run_compare

    return run_compare(
        Question(
            subject=subject_of(options),
            architecture=options.architecture,
            strategy=options.strategy,
            seeds=options.seeds,
            steps=options.steps,
            ablate=options.ablate,
            store=options.store,
        )
    )

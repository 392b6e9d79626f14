"""`sedkd compare`: is a student distilled for its environment better, at one architecture, or not distinguishable?"""

import argparse
from typing import Any

from search.cli.guard import GOES_ON, positive
from search.cli.store import add_store_options, store_of
from search.cli.subject import ENVIRONMENT, add_subject_options, subject_of

STEPS = 600
WORKERS = "students trained at once (one a core, where each has enough to do; on a GPU 1)"


def add_parser(subparsers: Any) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser(
        "compare",
        help="scratch, generic and environment-aware distillation at one architecture, with intervals",
        description="Train one architecture from scratch, by generic and by environment-aware distillation, with the "
        "same labelled clips and steps; each chooses on validation among twelve tries (learning rate, mixtures, and of "
        "the aware ones also teacher, events and clips; from 1200 steps on, after a quarter of them, among the best "
        "three); score all on test once; tell every difference with its 95 % interval and a verdict: better, worse, or "
        "not distinguishable. With --events or --subset, a student of all "
        "events of the environment is compared too, on those events alone. Several environments are compared one by "
        "one, and then on average.",
    )
    add_subject_options(parser, f"{ENVIRONMENT}; several, joined by commas, or all: each, and their mean")
    parser.add_argument(
        "--architecture",
        default="knee",
        metavar="WHICH",
        help="of the latest study's front: knee (default), best, smallest, trial:N, 'within 1%%'; "
        "or spelt out: 'separable+gru 16x4'",
    )
    parser.add_argument("--strategy", default="response", metavar="NAME", help="of the distilled arms (response)")
    parser.add_argument(
        "--f1",
        choices=("segment", "event"),
        default="segment",
        help="the one for which tries, thresholds and filters are chosen on validation (segment); both are told. "
        "Students that were trained for the other are not trained again",
    )
    parser.add_argument(
        "--seeds", type=positive(int), default=5, metavar="N", help="students per arm (5); of one no verdict is told"
    )
    parser.add_argument(
        "--steps", type=positive(int), default=STEPS, metavar="N", help=f"optimiser steps per student ({STEPS})"
    )
    parser.add_argument(
        "--labels",
        type=_numbers,
        default=(),
        metavar="N[,M]",
        help="use only so many labelled training clips of the environment, every event in proportion; the others count "
        "as unlabelled, for the teacher too. Several numbers are compared one by one, with one figure of all",
    )
    parser.add_argument("--workers", type=positive(int), metavar="N", help=WORKERS)
    parser.add_argument("--ablate", action="store_true", help="also each environment-aware part switched off in turn")
    add_store_options(parser)
    parser.set_defaults(run=run, interrupted=GOES_ON)


def run(options: argparse.Namespace) -> int:
    """Train, score, show."""
    from search.run.comparing import Question, run_compare
    from search.setup.setting import environments_of

    subject = subject_of(options)
    environments = environments_of(options.env, subject.data, subject.dataset, subject.label_column)
    return run_compare(
        Question(
            subject=subject,
            architecture=options.architecture,
            strategy=options.strategy,
            seeds=options.seeds,
            steps=options.steps,
            ablate=options.ablate,
            store=store_of(options),
            labels=options.labels,
            criterion=f"f1_{options.f1}",
            workers=options.workers,
        ),
        environments,
    )


def _numbers(text: str) -> tuple[int, ...]:
    """Whole numbers above 0, each once."""
    return tuple(dict.fromkeys(positive(int)(number) for number in text.split(",")))


_numbers.__name__ = "list of whole numbers above 0"

"""`sedkd-search`: search over distillation strategies for one environment."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.cli.amounts import AMOUNTS, OF_BYTES, amount, count, duration
from search.cli.guard import GOES_ON, SEED, Parser, guarded, positive, typed_path
from search.cli.store import add_store_options, store_of
from search.cli.subject import ENVIRONMENT, SUBSET, add_subject_options, subject_of
from search.cli.typed import typed_of, with_config
from search.study.objectives import TABLE

if TYPE_CHECKING:
    from search.setup.request import Request

EXAMPLES = """examples:
  sedkd-search --env street --trials 12                             built-in synthetic soundscapes
  sedkd-search --env street --subset traffic --trials 50            a named subset of the events
  sedkd-search --env farm --data ~/recordings --trials 50           your own recordings
  sedkd-search --env street --subset all --trials 50                all events, then each named subset, and a table
  sedkd-search --env street,home --trials 50 --workers 1            several environments, one trial at a time
The same line continues a study: --trials counts finished trials in all."""
STEPS = "optimiser steps per student (150); from 600 on all begin with fewer, and the promising ones go on"
SUBSETS = "several joined by commas, or all, which is all events and then each subset"
CONFIRM = "train the K best of the front again with new seeds, for means and intervals"
SAMPLER = "gain: most hypervolume per second of training, knowing the cost (default); tpe: Optuna's"
LOOKAHEADS = (
    "how many milliseconds of what follows students may know, for those that run on a stream: 0, 160, 480, ... or full "
    "(default), which hears whole recordings; several, joined by commas, are searched"
)
BANDS = "mel bands that students may hear, 8 to 64 (64): fewer cost less; such as 64,32"
HOPS = "milliseconds between their feature frames, 20 or 40 (20): 40 halves what the features cost; such as 20,40"
CRITERION = (
    "how thresholds are chosen on validation: f1 (default), or fa_per_hour=2, most recall with at most so many false "
    "alarms per hour, there and in the recordings of negatives/"
)
EIGHT_BITS = (
    "score students, and choose their thresholds, by what their int8.onnx answers; with --lookahead, and without GRUs, "
    "which have none (default: as they are trained, in float)"
)
WORKERS = "trials at once (one a core, where each has enough to do; on a GPU, or with another executor, 1)"
EXECUTOR = "where workers run: local (default), or, with --storage, slurm or ray, each of them `sedkd worker --join`"
RESOURCES = (
    "of a worker there: cpus=1,gpus=0 (fractions on ray), minutes=240 (slurm), partition=P and what else sbatch, or "
    "your Ray nodes, know by name"
)
CONFIG = "options by name (YAML), such as the study.yaml of an earlier study's folder; what is typed beside it counts"
NOISE = "train a configuration that is drawn again anew with another seed, instead of answering it from its result"


def parser() -> Parser:
    top = Parser(
        prog="sedkd-search",
        description="Search for small sound event detectors, distilled for one environment: F1 up, cost down.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_subject_options(top, f"{ENVIRONMENT}; several joined by commas, or all", f"{SUBSET}; {SUBSETS}")
    students = top.add_argument_group("students")
    students.add_argument("--lookahead", default="full", metavar="A,B", help=LOOKAHEADS)
    students.add_argument("--mels", default="64", metavar="A,B", help=BANDS)
    students.add_argument("--hop", default="20", metavar="A,B", help=HOPS)
    budget = top.add_argument_group("how long, how large", AMOUNTS)
    budget.add_argument("--trials", type=positive(int), default=50, metavar="N", help="finished trials in all (50)")
    budget.add_argument("--timeout", type=positive(float), metavar="SECONDS", help="start no trial after this long")
    budget.add_argument(
        "--patience", type=positive(int), metavar="N", help="stop after N trials that the front did not gain by"
    )
    for objective in TABLE.values():
        if objective.limit:
            option, what = objective.limit
            number = amount if objective.name in OF_BYTES else count
            kind = duration if objective.is_seconds else number
            budget.add_argument(option, type=kind, metavar="N", help=f"at most N {what}")
    budget.add_argument("--objectives", default="f1_segment,macs", metavar="A,B", help="two or three (f1_segment,macs)")
    budget.add_argument("--criterion", default="f1", metavar="C", help=CRITERION)
    budget.add_argument("--int8", action="store_true", help=EIGHT_BITS)
    budget.add_argument("--steps", type=positive(int), metavar="N", help=STEPS)
    manner = top.add_argument_group("how")
    manner.add_argument("--workers", type=positive(int), metavar="N", help=WORKERS)
    manner.add_argument("--executor", choices=("local", "slurm", "ray"), default="local", help=EXECUTOR)
    manner.add_argument("--resources", default="", metavar="NAME=N,...", help=RESOURCES)
    manner.add_argument("--seed", type=SEED, default=0, help="seed of sampler and students (0)")
    manner.add_argument("--sampler", choices=("gain", "tpe"), default="gain", help=SAMPLER)
    manner.add_argument("--confirm", type=positive(int), default=0, metavar="K", help=CONFIRM)
    manner.add_argument("--noise", action="store_true", help=NOISE)
    manner.add_argument("--no-early-stopping", action="store_true", help="train every student to its end")
    manner.add_argument("--no-carry", action="store_true", help="learn nothing from other studies")
    where = top.add_argument_group("where")
    where.add_argument("--config", type=typed_path, metavar="FILE", help=CONFIG)
    add_store_options(where)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `sedkd-search`; returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if not any(word.partition("=")[0] == "--config" for word in words):
        options = parser().parse_args(words)
        return guarded(lambda: _run(options), GOES_ON)
    return guarded(lambda: _run(parser().parse_args(with_config(parser(), words))), GOES_ON)


def _run(options: argparse.Namespace) -> int:
    from search.run.session import run_searches
    from search.setup.setting import environments_of

    request = request_of(options)
    subject = request.subject
    return run_searches(request, environments_of(options.env, subject.data, subject.dataset, subject.label_column))


def request_of(options: argparse.Namespace) -> "Request":
    """What was typed."""
    from dataclasses import replace

    from search.setup.budget import Budget
    from search.setup.plan import Manner
    from search.setup.request import Request
    from search.setup.resources import resources_of
    from search.space.added import HOP, LOOKAHEAD, MELS

    asked = {name: objective.limit[0] for name, objective in TABLE.items() if objective.limit}
    limits = {name: getattr(options, option[2:].replace("-", "_")) for name, option in asked.items()}
    return Request(
        subject=replace(
            subject_of(options),
            lookahead=LOOKAHEAD.typed(options.lookahead),
            mels=MELS.typed(options.mels),
            hop=HOP.typed(options.hop),
        ),
        budget=Budget(options.trials, options.timeout, options.patience, {k: v for k, v in limits.items() if v}),
        manner=Manner(
            sampler=options.sampler,
            early_stopping=not options.no_early_stopping,
            noise=options.noise,
            carry=not options.no_carry,
        ),
        objectives=options.objectives,
        criterion=options.criterion,
        int8=options.int8,
        steps=options.steps,
        seed=options.seed,
        workers=options.workers,
        confirm=options.confirm,
        store=store_of(options),
        typed=typed_of(parser(), options),
        executor=options.executor,
        resources=resources_of(options.resources),
    )


if __name__ == "__main__":
    sys.exit(main())

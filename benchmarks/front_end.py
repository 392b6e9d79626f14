"""Whether students gain by another front end: fewer mel bands, or a longer hop, against what both cost together.

Run: python benchmarks/front_end.py --env farm --data esc --teacher-minutes 0 --front-ends 64/20 32/40 --students 4x3

A front end is spelled BANDS/HOP, the hop in milliseconds. Separable students without a head learn from labels alone and
by `response` with unlabelled clips, both with mixtures, at each rate with the same seeds; segment F1 is that of
validation, where the thresholds are chosen as well, at the better of the rates. Test is not touched. MACs per second of
audio: the front end's by `feature_macs_per_second`, which says how it counts, the network's as every report has them.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.preparation import Subject, prepare
from sedkd.cost.summary import Cost
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import TrialResult, run_trials

TRAIN = TrainSettings(mixture=0.5)
WAYS: dict[str, dict[str, Any]] = {
    "scratch": {"train": TRAIN},
    "response": {
        "train": replace(TRAIN, unlabeled_share=0.5),
        "strategy": "response",
        "parameters": {"response": {"temperature": 2.0, "weight": 2.0}},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", default="mn04_as")
    parser.add_argument("--teacher-minutes", type=float, help="as of sedkd-search; 0: its last layer alone")
    parser.add_argument("--front-ends", nargs="+", default=["64/20", "32/20", "64/40", "32/40"], metavar="BANDS/HOP")
    parser.add_argument("--students", nargs="+", default=["2x2", "4x3", "8x3", "16x3"], metavar="WIDTHxDEPTH")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-2, 2.5e-2], metavar="RATE")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    subject = Subject(
        options.env, (options.data,), teacher=options.teacher, device="cpu", teacher_minutes=options.teacher_minutes
    )
    task = prepare(subject, 0, lambda *_: None).task
    print(f"| {options.env}, {options.steps} steps | front end | network | together | {' | '.join(options.ways)} |")
    print("|---" * (4 + len(options.ways)) + "|")
    for spelt in options.front_ends:
        bands, hop = map(int, spelt.split("/"))
        for word in options.students:
            width, depth = map(int, word.split("x"))
            cells = row(task, StudentSettings(width, depth, n_mels=bands, hop=hop), options)
            print(f"| {spelt}, {word} | {' | '.join(cells)} |", flush=True)


def row(task: Task, settings: StudentSettings, options: argparse.Namespace) -> list[str]:
    """Costs, and mean and deviation over the seeds of each way at the better rate."""
    scores = []
    for way in options.ways:
        results = trained(Configuration(settings, **WAYS[way]), task, options)
        found = np.array([result.scores.values["f1_segment"] for result in results], float)
        best = max(found.reshape(len(options.rates), -1), key=np.mean)
        scores.append(f"{best.mean():.3f} ± {best.std(ddof=1) if len(best) > 1 else 0:.3f}")
    return [*costs(results[0].cost), *scores]


def costs(cost: Cost) -> list[str]:
    """The front end's, the network's, both."""
    assert cost.total_macs is not None
    return [f"{macs / 1000:.0f} k" for macs in (cost.total_macs - cost.macs, cost.macs, cost.total_macs)]


def trained(base: Configuration, task: Task, options: argparse.Namespace) -> list[TrialResult]:
    """Students at each rate, of each one per seed."""
    tried = [
        replace(base, train=replace(base.train, steps=options.steps, learning_rate=rate, seed=seed))
        for rate in options.rates
        for seed in range(options.seeds)
    ]
    found: dict[int, TrialResult] = {}

    def done(place: int, result: TrialResult | Exception) -> None:
        if isinstance(result, Exception):
            raise result
        found[place] = result

    run_trials(tried, task, done)
    return [found[place] for place in range(len(tried))]


if __name__ == "__main__":
    sys.exit(ended(main))

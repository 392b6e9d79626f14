"""What clips without labels do to each kind of distillation: segment F1 on validation, the same seeds in each column.

Run: python benchmarks/shares.py --env farm --data esc --steps 600

One student is taught by each strategy with the parameters that the default space has for it. In every batch a share of
the windows is drawn from the environment's unlabelled clips, or from other environments' (`foreign`), in the place of
labelled ones. Test is not touched.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.preparation import Subject, prepare
from search.space.dimensions import STRATEGY
from search.space.space import Space
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration, from_flat
from sedkd.trial.running import lack, run_trial

UNLABELED, FOREIGN = "train.unlabeled_share", "train.foreign_share"
COLUMNS: Mapping[str, Mapping[str, float]] = {
    "none": {UNLABELED: 0.0, FOREIGN: 0.0},
    "unlabelled 0.25": {UNLABELED: 0.25, FOREIGN: 0.0},
    "unlabelled 0.5": {UNLABELED: 0.5, FOREIGN: 0.0},
    "foreign 0.25": {UNLABELED: 0.0, FOREIGN: 0.25},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", default="mn04_as")
    parser.add_argument("--strategies", metavar="A,B", help="default: all of the default space")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=2e-2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, device="cpu")
    prepared = prepare(subject, 0, lambda *_: None)
    named = options.strategies.split(",") if options.strategies else prepared.space.choices(STRATEGY)
    print(f"| {options.env}, {options.steps} steps | " + " | ".join(COLUMNS) + " |")
    print("|---" * (1 + len(COLUMNS)) + "|")
    for strategy in named:
        reason = lack(configuration(prepared.space, strategy, {}, options, 0), prepared.task)
        cells = [reason] if reason else row(prepared.task, prepared.space, strategy, options)
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)


def configuration(
    space: Space, strategy: str, shares: Mapping[str, Any], options: argparse.Namespace, seed: int
) -> Configuration:
    """A separable 12x3 without GRU, from random weights, by the space's defaults for the strategy."""
    values = {
        **space.defaults(strategy=strategy, student_head="none", student_width=12, train_mixture=0.5),
        **shares,
        "train.learning_rate": options.rate,
    }
    return from_flat(values, TrainSettings(steps=options.steps, seed=seed))


def row(task: Task, space: Space, strategy: str, options: argparse.Namespace) -> list[str]:
    """Mean and deviation over the seeds (of two half their difference) for each column."""
    tried = [
        configuration(space, strategy, shares, options, seed)
        for shares in COLUMNS.values()
        for seed in range(options.seeds)
    ]
    scores = np.array([run_trial(one, task).scores.values["f1_segment"] for one in tried])
    return [f"{found.mean():.3f} ± {found.std():.3f}" for found in scores.reshape(len(COLUMNS), -1)]


if __name__ == "__main__":
    sys.exit(ended(main))

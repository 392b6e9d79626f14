"""How the rate goes: it stays, as in the product (Schedule-Free, Defazio et al. 2024), whose average later steps weigh
more in, or all alike; it falls late; a cosine.

Run: python benchmarks/schedules.py --env farm --data DIR --teacher mn04_as --teacher-minutes 0 --steps 150,600

Prints, for each student and number of steps, segment F1 on validation as mean over seeds at the best of the rates, and
that rate. All have the same warm-up. Test is not touched.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

from search.cli.guard import ended
from search.setup.architecture import spelt
from search.setup.preparation import Subject, prepare
from sedkd.models.settings import StudentSettings
from sedkd.train import fit
from sedkd.train.optimiser import optimiser_for
from sedkd.train.rate import factor_at, warmup_of
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

RATES = (0.01, 0.02, 0.04, 0.08)
FALL = 0.13  # share of the steps
RESPONSE = {"response": {"temperature": 2.0, "weight": 2.0}}


class Scheduled(torch.optim.AdamW):
    """AdamW that follows a schedule, in the place of one that needs none and answers by an average."""

    def __init__(self, parameters: Sequence[nn.Parameter], settings: TrainSettings, rate: Callable[[int], float]):
        super().__init__(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self, rate)

    def step(self, closure: Any = None) -> Any:
        found = super().step(closure)
        if hasattr(self, "schedule"):  # LambdaLR's own first step comes before
            self.schedule.step()
        return found

    def train(self) -> None: ...

    def eval(self) -> None: ...


def falling(parameters: Sequence[nn.Parameter], settings: TrainSettings) -> Scheduled:
    """The rate is held and falls to 0 over the last 13 % of the steps ("warm-up, stable, decay", Hu et al. 2024)."""
    warmup, fall = warmup_of(settings.steps), max(round(settings.steps * FALL), 1)
    return Scheduled(
        parameters, settings, lambda step: min(factor_at(step, warmup), max(settings.steps - step, 0) / fall)
    )


def cosine(parameters: Sequence[nn.Parameter], settings: TrainSettings) -> Scheduled:
    """The rate falls to 0 from the warm-up on."""
    warmup = warmup_of(settings.steps)

    def rate(step: int) -> float:
        done = (step - warmup) / (settings.steps - warmup)
        return min(factor_at(step, warmup), 0.5 + 0.5 * math.cos(math.pi * min(max(done, 0.0), 1.0)))

    return Scheduled(parameters, settings, rate)


def alike(parameters: Sequence[nn.Parameter], settings: TrainSettings) -> Any:
    """As the product, but for an average in which all steps behind the warm-up weigh alike."""
    optimiser = optimiser_for(parameters, settings)
    optimiser.param_groups[0]["r"] = 0.0
    return optimiser


WAYS = {
    "Schedule-Free": optimiser_for,
    "all steps alike in its average": alike,
    "held, then falling": falling,
    "cosine": cosine,
}


def best(settings: StudentSettings, steps: int, seeds: int, task: Any) -> tuple[list[float], float]:
    """Scores by seed at the rate that has the best mean, and that rate."""
    found: dict[float, list[float]] = {}
    for rate in RATES:
        trains = [TrainSettings(steps=steps, learning_rate=rate, seed=seed, mixture=0.5) for seed in range(seeds)]
        results = [
            run_trial(Configuration(settings, train, strategy="response", parameters=RESPONSE), task)
            for train in trains
        ]
        found[rate] = [result.scores.values["f1_segment"] or 0.0 for result in results]
    rate = max(found, key=lambda rate: float(np.mean(found[rate])))
    return found[rate], rate


def student(word: str) -> StudentSettings:
    """As it was typed; SystemExit says what is wrong."""
    try:
        settings = spelt(word)
    except ValueError as error:
        raise SystemExit(f"{word}: {error}") from None
    if settings is None:
        raise SystemExit(f"{word}: expected such as separable+gru 16x3")
    return settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--teacher-minutes", type=float)
    parser.add_argument("--students", default="separable 16x3,separable+gru 16x3")
    parser.add_argument("--steps", default="150,600")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    students = {word: student(word) for word in options.students.split(",")}
    torch.set_num_threads(1)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, teacher_minutes=options.teacher_minutes)
    task = prepare(subject, 0, lambda *_: None).task
    print("| student | steps | " + " | ".join(WAYS) + " |\n" + "|---" * (2 + len(WAYS)) + "|")
    for word, settings in students.items():
        for steps in map(int, options.steps.split(",")):
            print(
                f"| {word} | {steps} | {' | '.join(cells(settings, steps, options.seeds, task))} |",
                flush=True,
            )


def cells(settings: Any, steps: int, seeds: int, task: Any) -> list[str]:
    """A row's cells: mean and deviation over seeds, and the rate."""
    found: list[str] = []
    for way in WAYS.values():
        with mock.patch.object(fit, "optimiser_for", way):
            scores, rate = best(settings, steps, seeds, task)
        found.append(f"{np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} ({rate:g})")
    return found


if __name__ == "__main__":
    sys.exit(ended(main))

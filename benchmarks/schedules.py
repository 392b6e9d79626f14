"""How the rate goes: held and falling late, as in the product; a cosine; Schedule-Free (Defazio et al. 2024).

Run: pip install schedulefree
     python benchmarks/schedules.py --env farm --data DIR --teacher mn04_as --teacher-minutes 0 --steps 150,600

Prints, for each student and number of steps, segment F1 on validation as mean over seeds at the best of the rates, and
that rate. All three have the same warm-up. Schedule-Free's batch norms are fitted anew to the average that it answers
with, by as many batches as its authors advise. Test is not touched.
"""

import argparse
import math
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

from search.setup.architecture import spelt
from search.setup.preparation import Subject, prepare
from sedkd.models.settings import StudentSettings
from sedkd.train import cohort, fit
from sedkd.train.rate import warmup_of
from sedkd.train.sampler import OneSampler
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

RATES = (0.01, 0.02, 0.04, 0.08)
REFITTED = 50  # batches
RESPONSE = {"response": {"temperature": 2.0, "weight": 2.0}}


class Never:
    """A schedule that leaves the rate alone."""

    def step(self) -> None: ...


def cosine(parameters: Sequence[nn.Parameter], settings: TrainSettings, begun: int = 0) -> tuple[Any, Any]:
    """AdamW, whose rate falls to 0 from the warm-up on."""
    optimiser = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
    warmup = warmup_of(settings.steps)

    def rate(step: int) -> float:
        done = (step - warmup) / (settings.steps - warmup)
        return min((step + 1) / warmup, 0.5 + 0.5 * math.cos(math.pi * min(max(done, 0.0), 1.0)))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)


def schedule_free(parameters: Sequence[nn.Parameter], settings: TrainSettings, begun: int = 0) -> tuple[Any, Any]:
    """AdamW without a schedule, answering by an average of its weights."""
    from schedulefree import AdamWScheduleFree

    optimiser = AdamWScheduleFree(
        parameters, settings.learning_rate, weight_decay=settings.weight_decay, warmup_steps=warmup_of(settings.steps)
    )
    optimiser.train()
    return optimiser, Never()


def averaged(model: Any, corpus: Any, terms: Any, settings: TrainSettings, *rest: Any) -> Any:
    """`fit`, after which a Schedule-Free optimiser hands over its average."""
    made: list[Any] = []

    def remembered(*arguments: Any) -> Any:
        made.append(schedule_free(*arguments))
        return made[-1]

    with mock.patch.object(fit, "optimiser_for", remembered):
        curve = fit.fit(model, corpus, terms, settings, *rest)
    made[0][0].eval()
    draw = OneSampler(corpus, settings, torch.device("cpu"), model.features.scale)
    model.train()
    with torch.no_grad():
        for _ in range(REFITTED):
            model(draw()[1])
    model.eval()
    return curve


@contextmanager
def trained_by(name: str) -> Any:
    """In here students are trained by this schedule."""
    if name == "held, then falling":
        yield
    elif name == "cosine":
        with mock.patch.object(fit, "optimiser_for", cosine):
            yield
    else:
        with mock.patch.object(cohort, "fit", averaged):
            yield


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
    torch.set_num_threads(1)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, teacher_minutes=options.teacher_minutes)
    task = prepare(subject, 0, lambda *_: None).task
    names: tuple[str, ...] = ("held, then falling", "cosine", "Schedule-Free")
    print("| student | steps | " + " | ".join(names) + " |\n" + "|---" * (2 + len(names)) + "|")
    for word in options.students.split(","):
        for steps in map(int, options.steps.split(",")):
            print(
                f"| {word} | {steps} | {' | '.join(cells(spelt(word), steps, options.seeds, task, names))} |",
                flush=True,
            )


def cells(settings: Any, steps: int, seeds: int, task: Any, names: Sequence[str]) -> list[str]:
    """A row's cells: mean and deviation over seeds, and the rate."""
    found: list[str] = []
    for name in names:
        with trained_by(name):
            scores, rate = best(settings, steps, seeds, task)
        found.append(f"{np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} ({rate:g})")
    return found


if __name__ == "__main__":
    main()

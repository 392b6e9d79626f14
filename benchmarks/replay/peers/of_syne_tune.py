"""MOASHA of Syne Tune, run by `benchmarks.replay` in the Python where it is installed.

Its default priority, NonDominatedPriority, returns the sorted items' indices where MOASHA takes each item's priority;
`ranked` gives it each item's place instead.
"""

import datetime
import random
import sys
from typing import Any

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, loguniform, randint, uniform
from syne_tune.optimizer.scheduler import SchedulerDecision
from syne_tune.optimizer.schedulers.multiobjective.moasha import MOASHA
from syne_tune.optimizer.schedulers.multiobjective.multiobjective_priority import NonDominatedPriority
from talk import Train, serve

METRICS, TIME = ["one", "other"], "fidelity"


class Ranked(NonDominatedPriority):
    """The place of each item in the order of NonDominatedPriority."""

    def priority_unsafe(self, objectives: np.ndarray) -> np.ndarray:
        return np.argsort(super().priority_unsafe(objectives))


def moasha(opening: dict[str, Any], train: Train) -> None:
    """One run: trials one after another, each as far as the scheduler lets it go."""
    random.seed(opening["seed"])
    np.random.seed(opening["seed"])
    scheduler = MOASHA(
        {dimension["name"]: _domain(dimension) for dimension in opening["space"]},
        metrics=METRICS,
        time_attr=TIME,
        multiobjective_priority=Ranked() if sys.argv[1] == "ranked" else None,
        grace_period=opening["fidelities"][0],
        max_t=opening["fidelities"][-1],
        reduction_factor=opening["factor"],
        random_seed=opening["seed"],
    )
    number = 0
    while True:
        trial = Trial(number, scheduler.suggest().config, datetime.datetime.now())
        scheduler.on_trial_add(trial)
        _train(scheduler, trial, opening["fidelities"], train)
        number += 1


def _train(scheduler: MOASHA, trial: Trial, fidelities: list[int], train: Train) -> None:
    name = None
    for done, fidelity in enumerate(fidelities, 1):
        before, name = name, f"{trial.trial_id}@{done}"
        losses = train(name, before, trial.config, done)
        found = {**dict(zip(METRICS, losses, strict=True)), TIME: fidelity}
        if scheduler.on_trial_result(trial, found) != SchedulerDecision.CONTINUE:
            break
    scheduler.on_trial_remove(trial)


def _domain(dimension: dict[str, Any]) -> Any:
    if dimension["kind"] == "choice":
        return choice(list(range(dimension["high"] + 1)))
    if dimension["kind"] == "int":
        return randint(dimension["low"], dimension["high"])
    return (loguniform if dimension["log"] else uniform)(dimension["low"], dimension["high"])


if __name__ == "__main__":
    serve(moasha)

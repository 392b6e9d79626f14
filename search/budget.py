"""How long a search goes on, and what its students may cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search.controls import smallest
from search.objectives import UNITS
from search.space import Space
from sedkd.configuration import from_flat
from sedkd.errors import UserError
from sedkd.task import Task
from sedkd.train.settings import TrainSettings
from sedkd.trial import cost_before_training

OPTIONS = {
    "macs": "--max-macs",
    "params": "--max-params",
    "bytes": "--max-bytes",
    "latency": "--max-latency-ms",
}


@dataclass(frozen=True)
class Budget:
    """`trials` counts finished trials in all, also those of earlier runs; `timeout` in seconds is for this run;
    `patience` ends it after so many trials that the front did not gain by; `limits`: the most by cost."""

    trials: int
    timeout: float | None = None
    patience: int | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


class Limits:
    """What is over the limits, known before training; each architecture is looked at once."""

    def __init__(self, task: Task, base: TrainSettings, limits: Mapping[str, float]) -> None:
        self.task, self.base, self.limits = task, base, dict(limits)
        self.known: dict[Any, Mapping[str, float]] = {}

    def excess(self, values: Mapping[str, Any]) -> dict[str, float]:
        """By how much a configuration is over each limit (negative: under it)."""
        if not self.limits:
            return {}
        configuration = from_flat(values, self.base)
        if configuration.student not in self.known:
            cost = cost_before_training(configuration, self.task, "latency" in self.limits)
            self.known[configuration.student] = {name: getattr(cost, name) for name in self.limits}
        return {name: self.known[configuration.student][name] - most for name, most in self.limits.items()}


def check_budget(task: Task, space: Space, limits: Mapping[str, float]) -> None:
    """UserError when even the smallest student of the space is over a limit."""
    over = Limits(task, TrainSettings(), limits).excess(smallest(space))
    for name, excess in over.items():
        if excess > 0:
            needed = f"{limits[name] + excess:.3g}" if name == "latency" else f"{limits[name] + excess:.0f}"
            raise UserError(
                f"{OPTIONS[name]} {limits[name]:g}: the space's smallest student needs {needed} {UNITS[name]}"
            )


def deadline(timeout: float | None, clock: Callable[[], float]) -> Callable[[], bool]:
    """Whether `timeout` seconds have passed since now."""
    start = clock()
    return lambda: timeout is not None and clock() - start >= timeout

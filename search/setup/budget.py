"""How long a search goes on, and what its students may cost."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from search.setup.streams import quickest, unfit
from search.space.controls import smallest
from search.space.space import Space
from search.study.objectives import TABLE
from sedkd.errors import UserError
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import cost_before_training, lack
from sedkd.words import several

if TYPE_CHECKING:
    from search.study.records import FinishedTrial

MOST_NAMED = 5  # trials


@dataclass(frozen=True)
class Budget:
    """`trials` counts finished trials in all, also those of earlier runs; `timeout` in seconds is for this run;
    `patience` ends it after so many trials that the front did not gain by; `limits`: the most by cost."""

    trials: int
    timeout: float | None = None
    patience: int | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


class Limits:
    """What students cost, what is above a budget's limits, and what cannot be trained at all, known before training;
    each architecture is looked at once. `asker` is the option by which only students for streams can be trained."""

    def __init__(self, task: Task, base: TrainSettings, budget: Budget, asker: str | None = None) -> None:
        self.task, self.base, self.limits, self.asker = task, base, dict(budget.limits), asker
        self.known: dict[Any, Mapping[str, float]] = {}

    def log_cost(self, values: Mapping[str, Any], name: str) -> float:
        """log10 of one cost of a configuration; infinite where it cannot be trained, or is above a limit. A limit that
        has to be measured is looked at for costs that have to be as well: measuring every candidate takes long."""
        measured = is_measured([name])
        if self.lack(values) is not None or self._exceeds(values, measured):
            return math.inf
        return math.log10(max(self._cost(values, measured)[name], 1e-9))

    def lack(self, values: Mapping[str, Any]) -> str | None:
        """Why a configuration cannot be trained, whatever it costs; None where it can."""
        try:
            configuration = from_flat(values, self.base)
        except (ValueError, TypeError, UserError) as error:  # each value has its place, but not all go together
            return str(error)
        if self.asker is not None and (reason := unfit(configuration.student, self.asker)) is not None:
            return reason
        return lack(configuration, self.task)

    def is_over(self, values: Mapping[str, Any]) -> bool:
        """Whether a configuration that can be trained is above a limit."""
        return self._exceeds(values, measured=False) or self._exceeds(values, measured=True)

    def excess(self, values: Mapping[str, Any]) -> dict[str, float]:
        """By how much a configuration is over each limit (negative: under it)."""
        if not self.limits:
            return {}
        cost = self._cost(values, is_measured(self.limits))
        return {name: cost[name] - most for name, most in self.limits.items()}

    def _exceeds(self, values: Mapping[str, Any], measured: bool) -> bool:
        """Whether it is above a limit: one that is known before, or any."""
        limits = {k: most for k, most in self.limits.items() if measured or TABLE[k].known_before}
        if not limits:
            return False
        cost = self._cost(values, is_measured(limits))
        return any(cost[name] > most for name, most in limits.items())

    def _cost(self, values: Mapping[str, Any], measured: bool) -> Mapping[str, float]:
        """Every cost of a configuration by name; latency where it is to be `measured`."""
        configuration = from_flat(values, self.base)
        key = configuration.student, measured
        if key not in self.known:
            cost = cost_before_training(configuration, self.task.events, measured)
            self.known[key] = {k: v for k, v in asdict(cost).items() if v is not None}
        return self.known[key]


def is_measured(limits: Iterable[str]) -> bool:
    """Whether something is limited that has to be measured."""
    return not all(TABLE[name].known_before for name in limits)


def check_budget(events: Sequence[str], space: Space, budget: Budget) -> None:
    """UserError when even the smallest student of the space is over a limit."""
    if not budget.limits:
        return
    try:
        least = from_flat(quickest(smallest(space), space), TrainSettings())
    except (ValueError, TypeError, UserError):
        return  # what does not go together is left out of the draws, and said there
    cost = asdict(cost_before_training(least, events, is_measured(budget.limits)))
    for name, most in budget.limits.items():
        if cost[name] > most:
            needed = f"{cost[name]:{'.0f' if TABLE[name].decimals is None else '.3g'}}"
            raise UserError(
                f"{limit_words(name, most)}: the space's smallest student needs {needed} {TABLE[name].axis}"
            )


def above_limits(members: Sequence["FinishedTrial"], limits: Mapping[str, float]) -> list[str]:
    """A line for each limit that is known before training and that students are above, which were finished under
    others."""
    lines = []
    for name, most in limits.items():
        above = [str(member.number) for member in members if member.measures.get(name, 0.0) > most]
        if above and TABLE[name].known_before:
            told = ", ".join(above[:MOST_NAMED]) + (", ..." if len(above) > MOST_NAMED else "")
            lines.append(
                f"above {limit_words(name, most)}, and counted all the same: {several(len(above), 'trial')} that this "
                f"study has finished (trial {told}); they may be on its front"
            )
    return lines


def option_of(name: str) -> str:
    """The option that limits a cost."""
    limit = TABLE[name].limit
    assert limit is not None  # a budget's limits come from those options
    return limit[0]


def limit_words(name: str, most: float) -> str:
    """A limit as it may be typed."""
    return f"{option_of(name)} {most:g}{'s' if TABLE[name].is_seconds else ''}"


def deadline(timeout: float | None, clock: Callable[[], float]) -> Callable[[], bool]:
    """Whether `timeout` seconds have passed since now."""
    start = clock()
    return lambda: timeout is not None and clock() - start >= timeout

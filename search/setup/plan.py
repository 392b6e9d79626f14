"""What a search is about, and how it goes about it."""

from dataclasses import dataclass
from functools import cached_property

from search.pareto.rungs import rungs_of
from search.setup.budget import Budget, Limits
from search.setup.streams import streams_asked_by
from search.space.space import Space
from search.study.objectives import Objectives, can_stop
from search.study.store import Store
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings

GAIN = "gain"  # our own: see search.sampling
STEPS = "train.steps"
TPE = "tpe"  # Optuna's, for any objectives


@dataclass(frozen=True)
class Manner:
    """How a search goes about it. `early_stopping` ends hopeless trials (see `search.trials.stopping`) or, where there
    are steps enough, trains all to few and some on to more (see `search.pareto.rungs`); `noise` trains
    a configuration that is drawn again anew, with another seed, instead of answering it; `carry` guesses by what
    other studies found as well; `sampler` is GAIN or TPE."""

    sampler: str = GAIN
    early_stopping: bool = True
    noise: bool = False
    carry: bool = True


@dataclass(frozen=True)
class Plan:
    """What a search is about."""

    task: Task
    space: Space
    objectives: Objectives
    base: TrainSettings
    budget: Budget
    manner: Manner
    store: Store

    @property
    def rungs(self) -> tuple[int, ...]:
        """The steps to which students are trained, one after the other; the last is what was asked for."""
        by_rungs = self.manner.early_stopping and not self.space.ends(STEPS)  # else each student has its own steps
        return rungs_of(self.base.steps) if by_rungs else (self.base.steps,)

    @property
    def ends_early(self) -> bool:
        """Whether hopeless trials are ended half-way."""
        return self.manner.early_stopping and len(self.rungs) == 1 and can_stop(self.objectives)

    @cached_property
    def limits(self) -> Limits:
        """What students cost and which cost too much; one for all who ask, since a latency is measured."""
        return Limits(self.task, self.base, self.budget, streams_asked_by(self.budget.limits, self.objectives))

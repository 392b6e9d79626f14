"""The search loop of one process: ask, train, record, tell."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from search.budget import OPTIONS, Budget, Limits, deadline
from search.controls import controls
from search.front import Member
from search.gain import Gain
from search.objectives import Objectives
from search.repeats import Repeats
from search.space import Space
from search.stopping import can_stop
from search.store import Store
from search.study import (
    ANSWERED,
    CARRIED,
    CONTROL,
    INFEASIBLE,
    OWNER,
    enqueue_missing,
    finished,
    ownership,
    running,
    spent,
    turn,
)
from search.training import Trainer
from sedkd.errors import UserError
from sedkd.task import Task
from sedkd.train.settings import TrainSettings

if TYPE_CHECKING:
    import optuna

GAIN = "gain"  # our own: see search.sampling
SAMPLERS = (GAIN, "tpe")
MOST_FAILURES = 5  # in a row: something is wrong that another draw will not mend
MOST_FREE = 1000  # draws in a row that cost nothing
MOST_ANSWERED = 100  # of them that were trained before: the space holds little else


@dataclass(frozen=True)
class Manner:
    """How a search goes about it. `early_stopping` ends hopeless trials (see `search.stopping`); `noise` trains a
    configuration that is drawn again anew, with another seed, instead of answering it; `carry` takes over what other
    studies found; `sampler` is one of SAMPLERS."""

    sampler: str = GAIN
    early_stopping: bool = True
    noise: bool = False
    carry: bool = True


class Watcher(Protocol):
    """What is told to the person while the search runs."""

    def begin(self, number: int, configuration: Mapping[str, Any], note: str | None) -> None: ...

    def stage(self, what: str, done: int, total: int) -> None: ...

    def end(self, number: int) -> None: ...

    def failed(self, number: int, reason: str) -> None: ...


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


def begin(study: "optuna.Study", plan: Plan, carried: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Put the controls, and behind them what is carried over from other studies, next in line."""
    enqueue_missing(study, CONTROL, controls(plan.space, plan.budget.trials))
    enqueue_missing(study, CARRIED, carried)


def search(study: "optuna.Study", plan: Plan, watcher: Watcher, after_trial: Callable[[], None]) -> None:
    """Run trials until the budget is spent. Ctrl-C ends the running trial as failed and is raised on.

    Several processes may do so at once on one study. `after_trial` runs after every trial that was told to Optuna,
    which is the one source of truth.
    """
    late, failures = deadline(plan.budget.timeout, time.monotonic), 0
    with ownership(plan.store) as owner:
        draws = _Draws(study, plan, owner)
        early = plan.manner.early_stopping and can_stop(plan.objectives)
        trainer = Trainer(study, plan.task, plan.objectives, plan.base, plan.store, watcher.stage, early)
        while not late():
            drawn = draws.next()
            if drawn is None:
                return
            trial, values, seed = drawn
            watcher.begin(trial.number, values, trial.user_attrs.get(CONTROL) or trial.user_attrs.get(CARRIED))
            reason = trainer.run(trial, values, seed)
            if reason is not None:
                watcher.failed(trial.number, reason)
                failures += 1
                if failures >= MOST_FAILURES:
                    raise UserError(f"{failures} trials in a row failed, the last one because: {reason}")
                continue
            failures = 0
            watcher.end(trial.number)
            after_trial()


class _Draws:
    """The next trial to train: one whose configuration is within the limits and was not trained before."""

    def __init__(self, study: "optuna.Study", plan: Plan, owner: str) -> None:
        self.study, self.plan, self.owner = study, plan, owner
        self.limits, self.repeats = Limits(plan.task, plan.base, plan.budget), Repeats()
        self.gain = Gain(plan.objectives)

    def next(self) -> "tuple[optuna.Trial, dict[str, Any], int] | None":
        """A trial, its configuration and its seed; None when enough trials are done or on their way."""
        answered = 0
        for _ in range(MOST_FREE):
            trial = self._asked()
            if trial is None:
                return None
            values = self.plan.space.suggest(trial)
            if self._is_over(trial, values):
                continue
            same = self.repeats.of(values, finished(self.study))
            if same is None:
                return trial, values, self.plan.base.seed
            if self.plan.manner.noise:
                return trial, values, self.plan.base.seed + trial.number
            self._answer(trial, same)
            answered += 1
            if answered == MOST_ANSWERED:
                break
        raise UserError(self._exhausted(answered))

    def _asked(self) -> "optuna.Trial | None":
        """A new trial, unless those that are done or on their way are enough."""
        budget = self.plan.budget
        with turn(self.plan.store, self.study.study_name):
            if spent(self.study) + len(running(self.study)) >= budget.trials:
                return None
            if budget.patience is not None and self.gain.look(finished(self.study)).idle >= budget.patience:
                return None
            trial = self.study.ask()
            trial.set_user_attr(OWNER, self.owner)
            return trial

    def _is_over(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> bool:
        """An infeasible draw costs nothing, teaches the sampler its constraint, and does not count."""
        from optuna.trial import TrialState

        for name, value in self.limits.excess(values).items():
            trial.set_constraint(f"max_{name}", value)
        if not self.limits.is_over(values):
            return False
        trial.set_user_attr(INFEASIBLE, True)
        self.study.tell(trial, state=TrialState.PRUNED)
        return True

    def _answer(self, trial: "optuna.Trial", same: Member) -> None:
        """Tell the result that is there; such a trial does not count."""
        trial.set_user_attr(ANSWERED, same.number)
        self.study.tell(trial, list(same.values))

    def _exhausted(self, answered: int) -> str:
        limits = ", ".join(f"{OPTIONS[name]} {most:g}" for name, most in self.plan.budget.limits.items())
        if answered < MOST_ANSWERED:
            return f"{limits}: the last {MOST_FREE} draws were above it or trained before; raise it, or widen the space"
        return f"the last {answered} draws were all trained before; widen the space or ask for fewer --trials"

"""The search loop of one process: ask, train, record, tell."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from search.setup.budget import deadline
from search.setup.plan import Plan
from search.study.records import CONTROL
from search.study.view import StudyView
from search.trials.drawn import Drawn
from search.trials.draws import TrialDraws
from search.trials.training import Trainer
from sedkd.errors import UserError

MAX_FAILURES = 5  # in a row: something is wrong that another draw will not mend


class TrialListener(Protocol):
    """What is told to the person while the search runs."""

    def begin(self, number: int, configuration: Mapping[str, Any], note: str | None) -> None: ...

    def stage(self, what: str, done: int, total: int) -> None: ...

    def end(self, number: int) -> None: ...

    def failed(self, number: int, reason: str) -> None: ...


def search(study: StudyView, plan: Plan, listener: TrialListener, after_trial: Callable[[], None]) -> None:
    """Run trials until the budget is spent. Ctrl-C ends the running trial as failed and is raised on.

    Several processes may do so at once on one study. `after_trial` runs after every trial that was told to Optuna,
    which is the one source of truth.
    """
    late, failures = deadline(plan.budget.timeout, time.monotonic), 0
    with plan.store.storage.owner() as owner:
        draws = TrialDraws(study, plan, owner)
        trainer = Trainer(study, plan.task, plan.base, listener.stage, plan.ends_early)
        while not late():
            drawn = draws.next()
            if drawn is None:
                return
            trial = drawn.trial
            listener.begin(trial.number, drawn.values, _note(drawn))
            reason = trainer.run(drawn)
            if reason is not None:
                listener.failed(trial.number, reason)
                failures += 1
                if failures >= MAX_FAILURES:
                    raise UserError(f"{failures} trials in a row failed, the last one because: {reason}")
                continue
            failures = 0
            listener.end(trial.number)
            after_trial()


def _note(drawn: Drawn) -> str | None:
    """What there is to say of a trial beside its strategy: that it is a control, goes on, or is a second seed."""
    if drawn.continues is not None:
        return f"trial {drawn.continues.number} on to {drawn.steps} steps"
    if drawn.second_seed_of is not None:
        return f"trial {drawn.second_seed_of.number} with a second seed"
    return drawn.trial.user_attrs.get(CONTROL)

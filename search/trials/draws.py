"""What to train next: asked for, within the limits, and never trained before."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from search.pareto.gain import Gain
from search.setup.budget import limit_words
from search.setup.plan import Plan
from search.study.records import ANSWERED, INFEASIBLE, LACK, OWNER, FinishedTrial
from search.study.view import StudyView
from search.trials.repeats import Repeats
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna

MAX_FREE_DRAWS = 1000  # draws in a row that cost nothing
MAX_ANSWERED_DRAWS = 100  # of them that were trained before: the space holds little else


class TrialDraws:
    """The next trial to train: one whose configuration is within the limits and was not trained before."""

    def __init__(self, study: StudyView, plan: Plan, owner: str) -> None:
        self.study, self.plan, self.owner = study, plan, owner
        self.limits, self.repeats = plan.limits, Repeats()
        self.lack: str | None = None  # of the latest draw that cannot be trained
        self.gain = Gain(plan.objectives)

    def next(self) -> "tuple[optuna.Trial, dict[str, Any], int] | None":
        """A trial, its configuration and its seed; None when enough trials are done or on their way."""
        answered = 0
        for _ in range(MAX_FREE_DRAWS):
            trial = self._asked()
            if trial is None:
                return None
            values = self.plan.space.suggest(trial)
            if self._cannot_be(trial, values) or self._is_over(trial, values):
                continue
            same = self.repeats.of(values, self.study.finished())
            if same is None:
                return trial, values, self.plan.base.seed
            if self.plan.manner.noise:
                return trial, values, self.plan.base.seed + trial.number
            self._answer(trial, same)
            answered += 1
            if answered == MAX_ANSWERED_DRAWS:
                break
        raise UserError(self._exhausted(answered))

    def _asked(self) -> "optuna.Trial | None":
        """A new trial, unless those that are done or on their way are enough."""
        budget = self.plan.budget
        with self.study.store.storage.turn(self.study.name):
            if self.study.taken() >= budget.trials:
                return None
            if budget.patience is not None and self.gain.look(self.study.finished()).idle >= budget.patience:
                return None
            trial = self.study.optuna.ask()
            trial.set_user_attr(OWNER, self.owner)
            return trial

    def _cannot_be(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> bool:
        """A draw that cannot be trained costs nothing, says why, and does not count."""
        from optuna.trial import TrialState

        reason = self.limits.lack(values)
        if reason is None:
            return False
        self.lack = reason
        trial.set_user_attr(LACK, reason)
        self.study.optuna.tell(trial, state=TrialState.PRUNED)
        return True

    def _is_over(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> bool:
        """An infeasible draw costs nothing, teaches the sampler its constraint, and does not count."""
        from optuna.trial import TrialState

        for name, value in self.limits.excess(values).items():
            trial.set_constraint(f"max_{name}", value)
        if not self.limits.is_over(values):
            return False
        trial.set_user_attr(INFEASIBLE, True)
        self.study.optuna.tell(trial, state=TrialState.PRUNED)
        return True

    def _answer(self, trial: "optuna.Trial", same: FinishedTrial) -> None:
        """Tell the result that is there; such a trial does not count."""
        trial.set_user_attr(ANSWERED, same.number)
        self.study.optuna.tell(trial, list(same.values))

    def _exhausted(self, answered: int) -> str:
        limits = ", ".join(limit_words(name, most) for name, most in self.plan.budget.limits.items())
        if answered < MAX_ANSWERED_DRAWS:
            causes = [f"above {limits}"] if limits else []
            causes += [f"such as cannot be trained ({self.lack})"] if self.lack else []
            found = ", ".join([*causes, "or trained before"])
            mend = "raise the limit, or widen the space" if limits else "widen the space"
            return f"the last {MAX_FREE_DRAWS} draws were {found}; {mend}"
        return f"the last {answered} draws were all trained before; widen the space or ask for fewer --trials"

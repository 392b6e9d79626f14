"""What to train next: further what was trained, or a new student, within the limits and never trained before."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from search.pareto.gain import Gain
from search.setup.budget import limit_words
from search.setup.plan import Plan
from search.study.records import ANSWERED, EXHAUSTED, INFEASIBLE, LACK, OWNER, PENDING, FinishedTrial, StoppedTrial
from search.study.view import StudyView
from search.trials.drawn import Drawn
from search.trials.further import Further, FurtherTraining
from search.trials.repeats import Repeats

if TYPE_CHECKING:
    import optuna

MAX_FREE_DRAWS = 1000  # draws in a row that cost nothing
MAX_ANSWERED_DRAWS = 100  # of them that were trained before or are being trained: the space holds little else


class TrialDraws:
    """The next trial to train. A new student's configuration is within the limits and was not trained before."""

    def __init__(self, study: StudyView, plan: Plan, owner: str) -> None:
        self.study, self.plan, self.owner = study, plan, owner
        self.limits, self.repeats, self.hopeless = plan.limits, Repeats[FinishedTrial](), Repeats[StoppedTrial]()
        self.left = False  # whether a draw was left to another worker
        self.lack: str | None = None  # of the latest draw that cannot be trained
        self.exhausted = False  # whether no new student was found
        self.gain = Gain(plan.objectives)
        self.rungs = plan.rungs
        self.further = FurtherTraining(study, plan, owner)

    def next(self) -> Drawn | None:
        """None when enough trials are done or on their way, or no new student is found, of which the study tells why;
        and no student is to be continued."""
        answered = 0
        for _ in range(MAX_FREE_DRAWS):
            with self.study.one_look():
                ahead = self._ahead()
            with self.study.one_look():
                asked = self._asked(*ahead)
            if asked is None or isinstance(asked, Drawn):
                return asked
            with self.study.one_look(), self.study.together():
                values = self.plan.space.suggest(asked)
            if self._cannot_be(asked, values) or self._is_over(asked, values):
                continue
            drawn = self._unseen(asked, values)
            if drawn is not None:
                return drawn
            answered += 1
            if answered == MAX_ANSWERED_DRAWS:
                break
        self.exhausted = True
        self.study.optuna.set_user_attr(EXHAUSTED, self._why_exhausted(answered))
        return self.next()

    def _ahead(self) -> tuple[bool, Further | None]:
        """Whether enough are begun, and what is to be done for a student before a new one, as it is before this
        process's turn: what is read and thought here keeps nobody waiting."""
        enough = self._is_enough()
        return enough, self.further.wanted(enough)

    def _asked(self, was_enough: bool, further: Further | None) -> "optuna.Trial | Drawn | None":
        """What is done for a student that was trained; else a new trial, unless those that are done or on their way are
        enough. The arguments are what `_ahead` found; of two that chose one student the second chooses anew."""
        with self.study.store.storage.turn(self.study.name):
            enough = self._is_enough()
            if enough != was_enough or (further is not None and self.further.is_gone(further)):
                further = self.further.wanted(enough)
            if further is not None:
                return self.further.begin(further)
            if enough:
                return None
            trial = self.study.optuna.ask()  # Optuna asks the sampler later, when the first value is wanted
            trial.set_user_attr(OWNER, self.owner)
            return trial

    def _unseen(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> Drawn | None:
        """The draw as a trial to train; None where it was trained before, or another worker is at it."""
        with self.study.one_look():
            other = self._who_is_at_it(trial)  # first: one that ends between the two is found by the second
            same = self.repeats.of(values, self.study.finished()) or self._ended_early(trial, values)
        seed = self.plan.base.seed
        if same is None and other is None:
            return Drawn(trial, values, seed, self.rungs[0])
        if self.plan.manner.noise:
            return Drawn(trial, values, seed + trial.number, self.rungs[0])
        if same is not None:
            self._answer(trial, same)
        elif other is not None:
            self._leave(trial, other)
        return None

    def _is_enough(self) -> bool:
        """Whether no new student is to be begun."""
        budget = self.plan.budget
        if self.exhausted or self.study.taken() >= budget.trials:
            return True
        if budget.patience is None:
            return False
        return self.gain.look(self.study.finished(), self.study.ended_early()).idle >= budget.patience

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

    def _who_is_at_it(self, trial: "optuna.Trial") -> int | None:
        """The number of another running trial with the same parameters. The sampler avoids those that it sees; two that
        ask at the same moment do not see each other. What was put in line is trained whoever is at it."""
        running = {other.number: other for other in self.study.running()}
        own = running.pop(trial.number, None)
        if own is None or _is_given(own):
            return None
        return next((number for number, other in running.items() if other.params == own.params), None)

    def _leave(self, trial: "optuna.Trial", other: int) -> None:
        """Leave a student to the trial that is at it; such a draw costs nothing and does not count."""
        from optuna.trial import TrialState

        self.left = True
        trial.set_user_attr(PENDING, other)
        self.study.optuna.tell(trial, state=TrialState.PRUNED)

    def _ended_early(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> StoppedTrial | None:
        """The trial of this configuration that was ended at a rung, where it would be again. What was put in line is
        trained to its end."""
        same = self.hopeless.of(values, self.study.ended_early()) if self.plan.ends_early else None
        if same is None or any(_is_given(other) for other in self.study.running() if other.number == trial.number):
            return None
        return same

    def _answer(self, trial: "optuna.Trial", same: FinishedTrial | StoppedTrial) -> None:
        """Tell the result that is there; such a trial does not count."""
        from optuna.trial import TrialState

        trial.set_user_attr(ANSWERED, same.number)
        if isinstance(same, StoppedTrial):
            self.study.optuna.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.optuna.tell(trial, list(same.values))

    def _why_exhausted(self, answered: int) -> str:
        limits = ", ".join(limit_words(name, most) for name, most in self.plan.budget.limits.items())
        if answered < MAX_ANSWERED_DRAWS:
            causes = [f"above {limits}"] if limits else []
            causes += [f"such as cannot be trained ({self.lack})"] if self.lack else []
            found = ", ".join([*causes, "or trained before"])
            mend = "raise the limit, or widen the space" if limits else "widen the space"
            return f"the last {MAX_FREE_DRAWS} draws were {found}; {mend}"
        words = "trained before, or are being trained;" if self.left else "trained before;"
        return f"the last {answered} draws were all {words} widen the space or ask for fewer --trials"


def _is_given(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether it was put in line with its values, which no sampler drew."""
    return "fixed_params" in trial.system_attrs

"""What to train next: a student that is to be continued, one of the front with a second seed, or a new one, within the
limits and never trained before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.pareto.gain import Gain
from search.pareto.luck import on_one_seed
from search.pareto.rungs import Promotion
from search.setup.budget import limit_words
from search.setup.plan import Plan
from search.study.opening import others
from search.study.records import ANSWERED, CONTINUES, INFEASIBLE, LACK, OWNER, PENDING, SECOND, FinishedTrial
from search.study.view import StudyView
from search.trials.repeats import Repeats
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna

MAX_FREE_DRAWS = 1000  # draws in a row that cost nothing
SECOND_SEED = 10_000  # beyond those of `--noise`, below those that confirm
MAX_ANSWERED_DRAWS = 100  # of them that were trained before or are being trained: the space holds little else


@dataclass(frozen=True)
class Drawn:
    """A trial to train: its configuration, seed and steps, and the finished one that it continues, or that it trains
    with a second seed, if any."""

    trial: "optuna.Trial"
    values: Mapping[str, Any]
    seed: int
    steps: int
    continues: FinishedTrial | None = None
    second_seed_of: FinishedTrial | None = None


class TrialDraws:
    """The next trial to train. A new student's configuration is within the limits and was not trained before."""

    def __init__(self, study: StudyView, plan: Plan, owner: str) -> None:
        self.study, self.plan, self.owner = study, plan, owner
        self.limits, self.repeats = plan.limits, Repeats()
        self.left = False  # whether a draw was left to another worker
        self.lack: str | None = None  # of the latest draw that cannot be trained
        self.gain = Gain(plan.objectives)
        self.rungs = plan.rungs
        past = [other.finished() for other in others(study)] if plan.manner.carry and len(plan.rungs) > 1 else []
        self.promotion = Promotion(plan.objectives, plan.rungs, past)

    def next(self) -> Drawn | None:
        """None when enough trials are done or on their way, and no student is to be continued."""
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
        raise UserError(self._exhausted(answered))

    def _ahead(self) -> tuple[bool, FinishedTrial | None]:
        """Whether enough are begun, and the student to continue, if any, as it is before this process's turn: what is
        read and thought here keeps nobody waiting."""
        enough = self._is_enough()
        return enough, self._to_continue(enough) if len(self.rungs) > 1 else None

    def _asked(self, was_enough: bool, member: FinishedTrial | None) -> "optuna.Trial | Drawn | None":
        """A student to continue; else a new trial, unless those that are done or on their way are enough. `was_enough`
        and `member` are what `_ahead` found; of two that chose one student the second chooses anew."""
        with self.study.store.storage.turn(self.study.name):
            enough = self._is_enough()
            is_gone = member is not None and member.number in self.study.not_to_continue()
            if len(self.rungs) > 1 and (is_gone or enough != was_enough):
                member = self._to_continue(enough)
            if member is not None:
                return self._continued(member)
            if enough:
                return None
            if (lucky := self._on_one_seed()) is not None:
                return self._second(lucky)
            trial = self.study.optuna.ask()  # Optuna asks the sampler later, when the first value is wanted
            trial.set_user_attr(OWNER, self.owner)
            return trial

    def _unseen(self, trial: "optuna.Trial", values: Mapping[str, Any]) -> Drawn | None:
        """The draw as a trial to train; None where it was trained before, or another worker is at it."""
        with self.study.one_look():
            other = self._who_is_at_it(trial)  # first: one that ends between the two is found by the second
            same = self.repeats.of(values, self.study.finished())
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
        if self.study.taken() >= budget.trials:
            return True
        return budget.patience is not None and self.gain.look(self.study.finished()).idle >= budget.patience

    def _to_continue(self, all_begun: bool) -> FinishedTrial | None:
        return self.promotion.next(self.study.finished(), self.study.not_to_continue(), all_begun)

    def _on_one_seed(self) -> FinishedTrial | None:
        """The student that is to be trained with a second seed before any new one (see `search.pareto.luck`)."""
        if len(self.rungs) > 1 or self.study.is_in_line():
            return None
        return on_one_seed(self.study, self.plan.budget.trials)

    def _continued(self, member: FinishedTrial) -> Drawn:
        """A trial that trains a student to the next rung."""
        trial = self._begun(member, {CONTINUES: member.number})
        seed = self.plan.base.seed if member.record.seed is None else member.record.seed
        steps = next(rung for rung in self.rungs if rung > member.record.steps)
        return Drawn(trial, member.record.configuration, seed, steps, continues=member)

    def _second(self, member: FinishedTrial) -> Drawn:
        """A trial that trains a student anew."""
        trial, seed = self._begun(member, {SECOND: member.number}), self.plan.base.seed + SECOND_SEED
        return Drawn(trial, member.record.configuration, seed, self.rungs[0], second_seed_of=member)

    def _begun(self, member: FinishedTrial, marks: dict[str, Any]) -> "optuna.Trial":
        """A running trial with a finished one's values and these marks. Optuna cannot open a finished one again, nor be
        asked for one with given values without a place in its queue: this one is put there as running."""
        import optuna

        study, running = self.study.optuna, optuna.trial.TrialState.RUNNING
        before = study.get_trials(deepcopy=False)[member.number]
        marks = {OWNER: self.owner, **marks}
        study.add_trial(
            optuna.trial.create_trial(
                state=running, params=before.params, distributions=before.distributions, user_attrs=marks,
                constraints=before.constraints,
            )
        )  # fmt: skip
        added = [
            t for t in study.get_trials(deepcopy=False, states=(running,)) if marks.items() <= t.user_attrs.items()
        ]
        return optuna.Trial(study, added[-1]._trial_id)

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
        if own is None or "fixed_params" in own.system_attrs:
            return None
        return next((number for number, other in running.items() if other.params == own.params), None)

    def _leave(self, trial: "optuna.Trial", other: int) -> None:
        """Leave a student to the trial that is at it; such a draw costs nothing and does not count."""
        from optuna.trial import TrialState

        self.left = True
        trial.set_user_attr(PENDING, other)
        self.study.optuna.tell(trial, state=TrialState.PRUNED)

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
        words = "trained before, or are being trained;" if self.left else "trained before;"
        return f"the last {answered} draws were all {words} widen the space or ask for fewer --trials"

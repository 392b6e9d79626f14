"""What is done for students that were trained: one goes on to its next rung, or is trained anew with a second seed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.pareto.luck import on_one_seed
from search.pareto.rungs import Promotion, students
from search.setup.plan import STEPS, Plan
from search.study.opening import others
from search.study.records import CONTINUES, OWNER, SECOND, FinishedTrial
from search.study.view import StudyView
from search.trials.drawn import Drawn

if TYPE_CHECKING:
    import optuna

SECOND_SEED = 10_000  # more than the first: beyond those of `--noise`, below those that confirm


@dataclass(frozen=True)
class Further:
    """`mark`: the user attribute by which the trial is to name the `member`, CONTINUES or SECOND."""

    mark: str
    member: FinishedTrial


def left_behind(study: StudyView, plan: Plan) -> list[FinishedTrial]:
    """Where every student is to be trained to its end: those that an earlier search of the study, with rungs, left at
    one, and that nobody is at."""
    if len(plan.rungs) > 1:
        return []
    short = [m for m in students(study.finished()) if 0 < m.record.steps < plan.rungs[-1]]
    short = [m for m in short if STEPS not in m.record.configuration]  # where a space draws them, each has its own
    if not short:
        return []  # nearly always, and at every decision: all trials are looked through below
    taken = study.named_by(CONTINUES)
    return [m for m in short if m.number not in taken]


class FurtherTraining:
    """Of one study, for the process that is called `owner`."""

    def __init__(self, study: StudyView, plan: Plan, owner: str) -> None:
        self.study, self.plan, self.owner, self.rungs = study, plan, owner, plan.rungs
        past = [other.finished() for other in others(study)] if plan.manner.carry and len(plan.rungs) > 1 else []
        self.promotion = Promotion(plan.objectives, plan.rungs, past)

    def wanted(self, all_begun: bool) -> Further | None:
        """What comes before a new student; None where nothing does. `all_begun`: there will be no new one."""
        if len(self.rungs) > 1:
            taken = self.study.named_by(CONTINUES)
            member = self.promotion.next(self.study.finished(), taken, all_begun)
            return None if member is None else Further(CONTINUES, member)
        if left := left_behind(self.study, self.plan):
            return Further(CONTINUES, left[0])
        if all_begun or self.study.is_in_line():
            return None
        member = on_one_seed(self.study, self.plan.budget.trials)
        return None if member is None else Further(SECOND, member)

    def is_gone(self, further: Further) -> bool:
        """Whether another process is at it, or was."""
        return further.member.number in self.study.named_by(further.mark)

    def begin(self, further: Further) -> Drawn:
        """A running trial with the member's values. Optuna cannot open a finished one again, nor be asked for one with
        given values without a place in its queue: this one is put there as running."""
        import optuna

        study, member, running = self.study.optuna, further.member, optuna.trial.TrialState.RUNNING
        before = study.get_trials(deepcopy=False)[member.number]
        marks = {OWNER: self.owner, further.mark: member.number}
        study.add_trial(
            optuna.trial.create_trial(
                state=running, params=before.params, distributions=before.distributions, user_attrs=marks,
                constraints=before.constraints,
            )
        )  # fmt: skip
        added = [
            t for t in study.get_trials(deepcopy=False, states=(running,)) if marks.items() <= t.user_attrs.items()
        ]
        return self._drawn(optuna.Trial(study, added[-1]._trial_id), further)

    def _drawn(self, trial: "optuna.Trial", further: Further) -> Drawn:
        member, seed = further.member, self.plan.base.seed
        values = member.record.configuration
        if further.mark == SECOND:
            steps = member.record.steps or self.rungs[-1]
            return Drawn(trial, values, seed + SECOND_SEED, steps, second_seed_of=member)
        steps = next(rung for rung in self.rungs if rung > member.record.steps)
        return Drawn(trial, values, seed if member.record.seed is None else member.record.seed, steps, continues=member)

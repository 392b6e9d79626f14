"""Precision-recall and DET curves of the students that a front is known by: they are looked at, all others are not."""

from collections.abc import Sequence

from search.pareto.picks import picks_of
from search.setup.plan import Plan
from search.study.curves import keep_curves, kept_curves
from search.study.records import FinishedTrial
from search.study.view import StudyView
from sedkd.models.checkpoint import load_model
from sedkd.score.curves import curves_of


def draw_picked(plan: Plan, study: StudyView, on_front: Sequence[FinishedTrial]) -> None:
    """Compute on validation, and keep, the curves of each pick that has none yet."""
    task, named = plan.task, picks_of(on_front, plan.objectives)
    for member in on_front:
        if member.number in named and not kept_curves(study.trial_folder(member.number)):
            student = load_model(study.student_path(member.number)).to(task.device)
            answers, negatives = task.validation.answers(student), task.negative_answers(student)
            found = curves_of(answers, member.record.post, negatives)
            study.share(keep_curves(study.trial_folder(member.number), found))

"""Precision-recall and DET curves, calibration and confusions of the students that a front is known by.

These are looked at, all others are not.
"""

from collections.abc import Sequence

from search.pareto.picks import picks_of
from search.setup.plan import Plan
from search.study.calibration import keep_calibration, kept_calibration
from search.study.confusion import keep_confusion, kept_confusion
from search.study.curves import keep_curves, kept_curves
from search.study.records import FinishedTrial
from search.study.view import StudyView
from sedkd.models.checkpoint import load_model
from sedkd.score.calibration import calibration_of
from sedkd.score.confusion import confusion_of
from sedkd.score.curves import curves_of


def draw_picked(plan: Plan, study: StudyView, on_front: Sequence[FinishedTrial]) -> None:
    """Compute on validation, and keep, the curves, calibration and confusions of each pick that lacks one of them."""
    task, named = plan.task, picks_of(on_front, plan.objectives)
    for member in on_front:
        folder = study.trial_folder(member.number)
        whole = kept_curves(folder) and kept_calibration(folder) and kept_confusion(folder)
        if member.number in named and not whole:
            student = load_model(study.student_path(member.number)).to(task.device)
            answers, negatives = task.validation.answers(student), task.negative_answers(student)
            found = curves_of(answers, member.record.post, negatives)
            study.share(keep_curves(folder, found))
            study.share(keep_calibration(folder, calibration_of(answers)))
            study.share(keep_confusion(folder, confusion_of(answers, member.record.post, negatives)))

"""Precision-recall and DET curves, calibration, confusions and a recording of the students that a front is known by.

These are looked at, all others are not.
"""

from collections.abc import Sequence

from search.pareto.picks import picks_of
from search.setup.plan import Plan
from search.study.calibration import keep_calibration, kept_calibration
from search.study.confusion import keep_confusion, kept_confusion
from search.study.curves import keep_curves, kept_curves
from search.study.heard import keep_heard, kept_heard
from search.study.records import FinishedTrial
from search.study.view import StudyView
from search.trials.picked_recording import heard_of
from sedkd.models.checkpoint import load_model
from sedkd.score.calibration import calibration_of
from sedkd.score.confusion import confusion_of
from sedkd.score.curves import curves_of

KEPT = (kept_curves, kept_calibration, kept_confusion, kept_heard)


def draw_picked(plan: Plan, study: StudyView, on_front: Sequence[FinishedTrial]) -> None:
    """Compute on validation, and keep, what each pick lacks of these."""
    task, named = plan.task, picks_of(on_front, plan.objectives)
    for member in on_front:
        folder = study.trial_folder(member.number)
        if member.number in named and not all(kept(folder) for kept in KEPT):
            student = load_model(study.student_path(member.number)).to(task.device)
            answers, negatives = task.validation.answers(student), task.negative_answers(student)
            found = curves_of(answers, member.record.post, negatives)
            study.share(keep_curves(folder, found))
            study.share(keep_calibration(folder, calibration_of(answers)))
            study.share(keep_confusion(folder, confusion_of(answers, member.record.post, negatives)))
            study.share(keep_heard(folder, heard_of(task.validation, answers, member.record.post)))

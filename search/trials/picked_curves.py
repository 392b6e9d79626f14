"""Precision-recall and DET curves, calibration, confusions and a recording of the students that a front is known by.

These are looked at, all others are not.
"""

from collections.abc import Sequence

from search.pareto.picks import picks_of
from search.setup.plan import Plan
from search.study.heard import HEARD
from search.study.records import FinishedTrial
from search.study.trial_files import CALIBRATION, CONFUSION, CURVES
from search.study.view import StudyView
from search.trials.heard_as import heard_as
from search.trials.picked_recording import heard_of
from sedkd.score.calibration import calibration_of
from sedkd.score.confusion import confusion_of
from sedkd.score.curves import curves_of

KEPT = (CURVES, CALIBRATION, CONFUSION, HEARD)


def draw_picked(plan: Plan, study: StudyView, on_front: Sequence[FinishedTrial]) -> None:
    """Compute on validation, and keep, what each pick lacks of these."""
    task, named = plan.task, picks_of(on_front, plan.objectives)
    for member in on_front:
        folder = study.trial_folder(member.number)
        if member.number in named and not all(kept.read(folder) for kept in KEPT):
            answers, negatives = task.validated(heard_as(study, member.number, task))
            post = member.record.post
            study.share(CURVES.write(folder, curves_of(answers, post, negatives)))
            study.share(CALIBRATION.write(folder, calibration_of(answers)))
            study.share(CONFUSION.write(folder, confusion_of(answers, post, negatives)))
            study.share(HEARD.write(folder, heard_of(task.validation, answers, post)))

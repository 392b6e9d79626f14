"""Precision-recall and DET curves of the students that a front is known by: they are looked at, all others are not."""

from collections.abc import Sequence

from search.pareto.picks import picks_of
from search.setup.plan import Plan
from search.study.curves import keep_curves, kept_curves
from search.study.records import Member
from search.study.scores import post_of
from search.study.store import student_path
from sedkd.models.checkpoint import load_model
from sedkd.score.curves import curves_of


def draw_picked(plan: Plan, study: str, on_front: Sequence[Member]) -> None:
    """Compute on validation, and keep, the curves of each pick that has none yet."""
    store, task, named = plan.store, plan.task, picks_of(on_front, plan.objectives)
    for member in on_front:
        if member.number in named and not kept_curves(store, study, member.number):
            student = load_model(student_path(store, study, member.number)).to(task.device)
            answers, negatives = task.validation.answers(student), task.negative_answers(student)
            found = curves_of(answers, post_of(member.record["post"]), negatives)
            keep_curves(store, study, member.number, found)

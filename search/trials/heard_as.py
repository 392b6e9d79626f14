"""How a trial's student answers where it is scored."""

from search.study.view import StudyView
from sedkd.export.int8_student import Hearing, hearing
from sedkd.models.checkpoint import load_model
from sedkd.models.student import Student
from sedkd.task.task import Task


def heard_as(study: StudyView, number: int, task: Task) -> Hearing:
    """As it was trained, or, where the study's scores are of eight bits, as they answer. Not while test is open: it may
    have to be calibrated."""
    student = load_model(study.student_path(number)).to(task.device)
    assert isinstance(student, Student)
    return hearing(student, task.training.recordings, study.objectives.int8)

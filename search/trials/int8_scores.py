"""The front's students for streams in eight bits: scored on validation and measured, before test is opened."""

from collections.abc import Sequence

from search.setup.plan import Plan
from search.study.eight_bits import INT8, EightBits, quantises
from search.study.records import FinishedTrial
from search.study.view import StudyView
from search.trials.failures import reason_of
from sedkd.export.int8_student import Int8Student
from sedkd.models.checkpoint import load_model
from sedkd.models.student import Student
from sedkd.progress import Progress
from sedkd.score.summary import score


def in_eight_bits(
    plan: Plan, study: StudyView, members: Sequence[FinishedTrial], split: str | None, progress: Progress
) -> tuple[dict[int, Int8Student], dict[int, str]]:
    """The int8 steps of those `members` whose scores are not all there, by number, each with its scores on
    validation, bytes and time kept; and why those that failed have none. Others have a GRU, or hear whole recordings.
    `split` names the test split (`Pool.test_digest`); None where there is none.
    """
    able = [m for m in members if quantises(m.record.configuration)]
    known = {m.number: study.eight_bits(m.number) for m in able}
    new = [m for m in able if (found := known[m.number]) is None or (split is not None and found.split != split)]
    steps: dict[int, Int8Student] = {}
    failed: dict[int, str] = {}
    for done, member in enumerate(new):
        progress("scoring the front in eight bits", done, len(new))
        try:
            student = load_model(study.student_path(member.number))
            assert isinstance(student, Student)
            step = Int8Student(student, plan.task.training.recordings)
            if known[member.number] is None:
                study.share(INT8.write(study.trial_folder(member.number), _measured(plan, member, step)))
            steps[member.number] = step
        except Exception as error:  # one that fails must not keep the others from their scores
            failed[member.number] = reason_of(error, study.trial_folder(member.number))
    return steps, failed


def _measured(plan: Plan, member: FinishedTrial, step: Int8Student) -> EightBits:
    asked, (answers, negatives) = plan.objectives, plan.task.validated(step.answers)
    found = score(answers, member.record.post, asked.needs_psds, asked.scores, negatives)
    return EightBits(step.bytes, step.latency_ms_per_second(), dict(found.values))

"""The test split, opened once per student: front members and their teacher are scored when the search has ended.

Scores are kept beside the student; one that is there is never computed again, so that nothing can be chosen by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.study.records import FinishedTrial
from search.study.scores import TEACHER_FILE, TEST_FILE, SplitScores, kept_of_teacher, post_of
from search.study.view import StudyView
from sedkd.data.sealed import opened_test
from sedkd.disk.json_file import write_json
from sedkd.models.checkpoint import load_model
from sedkd.score.alarms import tuned
from sedkd.score.summary import Scores, score
from sedkd.task.task import Task

DECISIONS_FILE = "test-decisions.json"  # what was fixed before the test split was opened the last time


def teacher_on_validation(task: Task, study: StudyView) -> SplitScores:
    """The teacher's scores on validation, with thresholds and filters tuned there as a student's; kept."""
    kept = kept_of_teacher(study.folder)
    if "post" not in kept:
        answers = task.teacher_answers(task.validation)
        objectives = study.objectives
        post = tuned(answers, objectives.criterion, objectives.most_alarms)
        kept = {"post": asdict(post), "validation": _as_dict(score(answers, post, True, objectives.scores))}
        _keep(study, study.folder / TEACHER_FILE, kept)
    return SplitScores(**kept["validation"])


def score_on_test(
    task: Task,
    study: StudyView,
    members: Sequence[FinishedTrial],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, SplitScores]:
    """Score the members and the teacher that have no test score yet, each with what was chosen for it on validation.

    Returns the teacher's scores by split (see `teacher_on_validation`, which must have run).
    """
    kept, scores = kept_of_teacher(study.folder), study.objectives.scores
    new = [m for m in members if study.test_scores(m.number) is None]
    if task.pool.has_test(task.environment.name) and (new or "test" not in kept):
        decisions = {
            "study": study.name,
            "trials": {m.number: asdict(m.record.post) for m in new},
            "teacher": kept["post"],
        }
        with opened_test(decisions, study.folder / DECISIONS_FILE):
            test = task.split(task.pool.test(task.environment.name))
            for done, member in enumerate(new):
                if progress:
                    progress(done, len(new))
                student = load_model(study.student_path(member.number)).to(task.device)
                found = score(test.answers(student), member.record.post, True, scores)
                _keep(study, study.trial_folder(member.number) / TEST_FILE, _as_dict(found))
            if "test" not in kept:
                kept["test"] = _as_dict(score(task.teacher_answers(test), post_of(kept["post"]), True, scores))
                _keep(study, study.folder / TEACHER_FILE, kept)
    return study.teacher_scores()


def _keep(study: StudyView, path: Path, found: dict[str, Any]) -> None:
    write_json(path, found)
    study.share(path)


def _as_dict(scores: Scores) -> dict[str, Any]:
    return {"values": dict(scores.values), "per_class": {k: dict(v) for k, v in scores.per_class.items()}}

"""The test split, opened once per student: front members and their teacher are scored when the search has ended.

Scores are kept beside the student; one that is there is never computed again, so that nothing can be chosen by it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.study.objectives import Objectives
from search.study.records import Member
from search.study.scores import (
    TEACHER_FILE,
    TEST_FILE,
    SplitScores,
    kept_of_teacher,
    post_of,
    teacher_scores,
    test_scores,
)
from search.study.store import Store, student_path
from sedkd.data.sealed import opened_test
from sedkd.disk.json_file import write_json
from sedkd.models.checkpoint import load_model
from sedkd.score.alarms import tuned
from sedkd.score.summary import Scores, score
from sedkd.task.task import Task

DECISIONS_FILE = "test-decisions.json"  # what was fixed before the test split was opened the last time


def teacher_on_validation(task: Task, objectives: Objectives, store: Store, study: str) -> SplitScores:
    """The teacher's scores on validation, with thresholds and filters tuned there as a student's; kept."""
    kept = kept_of_teacher(store, study)
    if "post" not in kept:
        answers = task.teacher_answers(task.validation)
        post = tuned(answers, objectives.criterion, objectives.most_alarms)
        kept = {"post": asdict(post), "validation": _as_dict(score(answers, post, True, objectives.scores))}
        _keep(store, study, kept)
    return SplitScores(**kept["validation"])


def score_on_test(
    task: Task,
    members: Sequence[Member],
    objectives: Objectives,
    store: Store,
    study: str,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, SplitScores]:
    """Score the members and the teacher that have no test score yet, each with what was chosen for it on validation.

    Returns the teacher's scores by split (see `teacher_on_validation`, which must have run).
    """
    kept = kept_of_teacher(store, study)
    new = [m for m in members if test_scores(store, study, m.number) is None]
    if task.pool.has_test(task.environment.name) and (new or "test" not in kept):
        decisions = {"study": study, "trials": {m.number: m.record["post"] for m in new}, "teacher": kept["post"]}
        with opened_test(decisions, store.study_folder(study) / DECISIONS_FILE):
            test = task.split(task.pool.test(task.environment.name))
            for done, member in enumerate(new):
                if progress:
                    progress(done, len(new))
                student = load_model(student_path(store, study, member.number)).to(task.device)
                found = score(test.answers(student), post_of(member.record["post"]), True, objectives.scores)
                _write(store.trial_folder(study, member.number) / TEST_FILE, found)
            if "test" not in kept:
                kept["test"] = _as_dict(
                    score(task.teacher_answers(test), post_of(kept["post"]), True, objectives.scores)
                )
                _keep(store, study, kept)
    return teacher_scores(store, study)


def _keep(store: Store, study: str, kept: Mapping[str, Any]) -> None:
    write_json(store.study_folder(study) / TEACHER_FILE, dict(kept))


def _write(path: Path, scores: Scores) -> None:
    write_json(path, _as_dict(scores))


def _as_dict(scores: Scores) -> dict[str, Any]:
    return {"values": dict(scores.values), "per_class": {k: dict(v) for k, v in scores.per_class.items()}}

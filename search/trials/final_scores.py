"""The test split, opened once per student: front members and their teacher are scored when the search has ended.

Scores are kept beside the student, with what names the split that they were made of. One that is there is never
computed again, so that nothing can be chosen by it, unless the split has changed since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

from search.study.eight_bits import INT8
from search.study.records import FinishedTrial
from search.study.scores import TEACHER_FILE, TEST_FILE, SplitScores, kept_of_teacher, post_of
from search.study.view import StudyView
from search.trials.heard_as import heard_as
from sedkd.data.sealed import opened_test
from sedkd.disk.json_file import write_json
from sedkd.export.int8_student import Int8Student
from sedkd.score.alarms import tuned
from sedkd.score.summary import Scores, score
from sedkd.task.task import Task

NEGATIVES = "with_negatives"
DECISIONS_FILE = "test-decisions.json"  # what was fixed before the test split was opened the last time


def teacher_on_validation(task: Task, study: StudyView) -> SplitScores:
    """The teacher's scores on validation, with thresholds and filters tuned there as a student's; kept."""
    kept, with_negatives = kept_of_teacher(study.folder), task.negatives is not None
    if "post" not in kept or kept.get(NEGATIVES, False) != with_negatives:
        answers, quiet = task.validated(task.teacher_answers)
        objectives = study.objectives
        post = tuned(answers, objectives.criterion, objectives.most_alarms, quiet)
        found = score(answers, post, True, objectives.scores, negatives=quiet)
        kept = {"post": asdict(post), "validation": _as_dict(found), NEGATIVES: with_negatives}
        _keep(study, study.folder / TEACHER_FILE, kept)
    return SplitScores(**kept["validation"])


def of_another_test(study: StudyView, split: str | None) -> dict[int, SplitScores]:
    """The test scores, by number of their student, that are of another split than the one that is there now, or that an
    earlier version wrote, which did not say of which; none where there is no split."""
    if split is None:
        return {}
    known = {m.number: study.test_scores(m.number) for m in study.finished()}
    return {number: found for number, found in known.items() if found is not None and found.split != split}


def score_on_test(
    task: Task,
    study: StudyView,
    members: Sequence[FinishedTrial],
    split: str | None,
    progress: Callable[[int, int], None] | None = None,
    steps: Mapping[int, Int8Student] | None = None,
) -> dict[str, SplitScores]:
    """Score the members and the teacher that have no score of this test `split` yet (`Pool.test_digest`), each with
    what was chosen for it on validation; and `steps`, in eight bits, by the number of the trial (see
    `search.trials.int8_scores`).

    Returns the teacher's scores by split (see `teacher_on_validation`, which must have run).
    """
    kept, scores, steps = kept_of_teacher(study.folder), study.objectives.scores, steps or {}
    posts = {m.number: m.record.post for m in members}
    new = [n for n in posts if (known := study.test_scores(n)) is None or known.split != split]
    teacher_lacks = kept.get("test", {}).get("split", "") != split
    if split is not None and (new or steps or teacher_lacks):
        decisions = {
            "study": study.name,
            "trials": {number: asdict(posts[number]) for number in new},
            "int8": {number: asdict(posts[number]) for number in steps},
            "teacher": kept["post"],
        }
        hears = {number: heard_as(study, number, task) for number in new}
        with opened_test(decisions, study.folder / DECISIONS_FILE):
            test = task.split(task.pool.test(task.environment.name))
            report = _counted(progress, len(new) + len(steps))
            for number, hear in hears.items():
                report()
                found = score(hear(test), posts[number], True, scores)
                _keep(study, study.trial_folder(number) / TEST_FILE, _as_dict(found, split))
            for number, step in steps.items():
                report()
                found = score(step.answers(test), posts[number], study.objectives.needs_psds, scores)
                _keep_int8(study, number, found, split)
            if teacher_lacks:
                found = score(task.teacher_answers(test), post_of(kept["post"]), True, scores)
                kept["test"] = _as_dict(found, split)
                _keep(study, study.folder / TEACHER_FILE, kept)
    return study.teacher_scores()


def _counted(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """To be called before each of `total` parts."""
    done = count()
    return lambda: progress(next(done), total) if progress else None


def _keep_int8(study: StudyView, number: int, found: Scores, split: str) -> None:
    known = study.eight_bits(number)
    assert known is not None  # since test was not opened before it was written
    study.share(INT8.write(study.trial_folder(number), replace(known, test=dict(found.values), split=split)))


def _keep(study: StudyView, path: Path, found: dict[str, Any]) -> None:
    write_json(path, found)
    study.share(path)


def _as_dict(scores: Scores, split: str | None = None) -> dict[str, Any]:
    found = SplitScores(dict(scores.values), {k: dict(v) for k, v in scores.per_class.items()}, split)
    return asdict(found)

"""The test split, opened once per student: front members and their teacher are scored when the search has ended.

Scores are kept beside the student; one that is there is never computed again, so that nothing can be chosen by it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from search.front import Member
from search.run import student_path
from search.store import Store
from sedkd.models.checkpoint import load_model
from sedkd.paths import written_atomically
from sedkd.score.postprocess import Answers, PostProcessing, tune
from sedkd.score.summary import Scores, score
from sedkd.task import FRAME_SECONDS, Split, Task
from sedkd.teach.targets import for_labels, teacher_outputs

TEST_FILE = "test.json"
TEACHER_FILE = "teacher.json"


@dataclass(frozen=True)
class SplitScores:
    """Scores on one split: `values` by name and `per_class`."""

    values: dict[str, float]
    per_class: dict[str, dict[str, float | None]]


def test_scores(store: Store, study: str, number: int) -> SplitScores | None:
    """The test scores of a trial, if they have been computed."""
    return _read(store.trial_folder(study, number) / TEST_FILE)


def score_front_on_test(
    task: Task, members: Sequence[Member], store: Store, study: str, progress: Callable[[int, int], None] | None = None
) -> None:
    """Score the members that have no test score yet, each with its own thresholds and filters of validation."""
    new = [m for m in members if test_scores(store, study, m.number) is None]
    if not new or not task.pool.has_test(task.environment.name):
        return
    test = task.split(task.pool.test(task.environment.name))
    for done, member in enumerate(new):
        if progress:
            progress(done, len(new))
        student = load_model(student_path(store, study, member.number)).to(task.device)
        post = PostProcessing(**{k: tuple(v) for k, v in member.record["post"].items()})
        _write(store.trial_folder(study, member.number) / TEST_FILE, score(test.answers(student), post, with_psds=True))


def teacher_scores(task: Task, criterion: str, store: Store, study: str, on_test: bool) -> dict[str, SplitScores]:
    """The teacher's scores on validation and, when `on_test`, on test: with thresholds of validation, as a student's.

    Kept in the study's folder, like the students'.
    """
    path = store.study_folder(study) / TEACHER_FILE
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    wanted = ["validation"] + (["test"] if on_test and task.pool.has_test(task.environment.name) else [])
    missing = [split for split in wanted if split not in kept]
    if missing:
        validation = teacher_answers(task, task.validation)
        post = tune(validation, criterion)
        for split in missing:
            answers = validation if split == "validation" else _test_answers(task)
            kept[split] = _as_dict(score(answers, post, with_psds=True))
        with written_atomically(path) as temporary:
            temporary.write_text(json.dumps(kept))
    return {split: SplitScores(**kept[split]) for split in wanted}


def teacher_answers(task: Task, split: Split) -> Answers:
    """The teacher's probabilities for the task's events, on the student's grid."""
    outputs = teacher_outputs(task.teacher, split.recordings, task.pool, split.corpus, FRAME_SECONDS)
    own = for_labels(outputs, task.teacher.model.labels, task.events)
    probability = torch.sigmoid(own.logits.float()).numpy()
    starts = split.corpus.out_starts.tolist()
    return Answers(
        [probability[a:b] for a, b in pairwise(starts)],
        [r.filename for r in split.recordings],
        [r.duration for r in split.recordings],
        [r.events or () for r in split.recordings],
        task.events,
        FRAME_SECONDS,
    )


def _test_answers(task: Task) -> Answers:
    return teacher_answers(task, task.split(task.pool.test(task.environment.name)))


def _read(path: Path) -> SplitScores | None:
    return SplitScores(**json.loads(path.read_text())) if path.exists() else None


def _write(path: Path, scores: Scores) -> None:
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(_as_dict(scores)))


def _as_dict(scores: Scores) -> dict[str, Any]:
    return {"values": dict(scores.values), "per_class": {k: dict(v) for k, v in scores.per_class.items()}}

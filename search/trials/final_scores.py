"""The test split, opened once per student: front members and their teacher are scored when the search has ended.

Scores are kept beside the student; one that is there is never computed again, so that nothing can be chosen by it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search.pareto.front import Member
from search.study.store import Store
from search.trials.training import student_path
from sedkd.data.sealed import opened_test
from sedkd.disk.kept import read_json
from sedkd.disk.paths import written_atomically
from sedkd.models.checkpoint import load_model
from sedkd.score.postprocess import PostProcessing, tune
from sedkd.score.summary import Scores, score
from sedkd.task.task import Task

TEST_FILE = "test.json"
TEACHER_FILE = "teacher.json"
_AGAIN = "remove it; the same search line scores what is missing"
DECISIONS_FILE = "test-decisions.json"  # what was fixed before the test split was opened the last time


@dataclass(frozen=True)
class SplitScores:
    """Scores on one split: `values` by name and `per_class`; None is what cannot be computed."""

    values: dict[str, float | None]
    per_class: dict[str, dict[str, float | None]]

    @property
    def holds_events(self) -> bool:
        """Whether the split holds any of the events."""
        return any(value is not None for scores in self.per_class.values() for value in scores.values())


def notes_on_test(scores: Iterable[SplitScores | None]) -> list[str]:
    """What a person should know of these test scores."""
    silent = any(found and not found.holds_events for found in scores)
    return ["test holds none of the events: what cannot be computed there is '-'"] if silent else []


def test_scores(store: Store, study: str, number: int) -> SplitScores | None:
    """The test scores of a trial, if they have been computed."""
    return _read(store.trial_folder(study, number) / TEST_FILE)


def teacher_on_validation(task: Task, criterion: str, store: Store, study: str) -> SplitScores:
    """The teacher's scores on validation, with thresholds and filters tuned there as a student's; kept."""
    kept = _kept(store, study)
    if "post" not in kept:
        answers = task.teacher_answers(task.validation)
        post = tune(answers, criterion)
        kept = {"post": asdict(post), "validation": _as_dict(score(answers, post, with_psds=True))}
        _keep(store, study, kept)
    return SplitScores(**kept["validation"])


def teacher_scores(store: Store, study: str) -> dict[str, SplitScores]:
    """The teacher's scores by split (validation, test), as far as they have been computed."""
    kept = _kept(store, study)
    return {split: SplitScores(**kept[split]) for split in ("validation", "test") if split in kept}


def score_on_test(
    task: Task, members: Sequence[Member], store: Store, study: str, progress: Callable[[int, int], None] | None = None
) -> dict[str, SplitScores]:
    """Score the members and the teacher that have no test score yet, each with what was chosen for it on validation.

    Returns the teacher's scores by split (see `teacher_on_validation`, which must have run).
    """
    kept = _kept(store, study)
    new = [m for m in members if test_scores(store, study, m.number) is None]
    if task.pool.has_test(task.environment.name) and (new or "test" not in kept):
        decisions = {"study": study, "trials": {m.number: m.record["post"] for m in new}, "teacher": kept["post"]}
        with opened_test(decisions, store.study_folder(study) / DECISIONS_FILE):
            test = task.split(task.pool.test(task.environment.name))
            for done, member in enumerate(new):
                if progress:
                    progress(done, len(new))
                student = load_model(student_path(store, study, member.number)).to(task.device)
                found = score(test.answers(student), _post(member.record["post"]), with_psds=True)
                _write(store.trial_folder(study, member.number) / TEST_FILE, found)
            if "test" not in kept:
                kept["test"] = _as_dict(score(task.teacher_answers(test), _post(kept["post"]), with_psds=True))
                _keep(store, study, kept)
    return teacher_scores(store, study)


def _post(found: Mapping[str, Any]) -> PostProcessing:
    return PostProcessing(**{key: tuple(value) for key, value in found.items()})


def _kept(store: Store, study: str) -> dict[str, Any]:
    path = store.study_folder(study) / TEACHER_FILE
    return read_json(path, _checked, _AGAIN) if path.exists() else {}


def _checked(kept: dict[str, Any]) -> dict[str, Any]:
    _post(kept["post"])
    for split in ("validation", "test"):
        if split in kept:
            SplitScores(**kept[split])
    return kept


def _keep(store: Store, study: str, kept: Mapping[str, Any]) -> None:
    with written_atomically(store.study_folder(study) / TEACHER_FILE) as temporary:
        temporary.write_text(json.dumps(dict(kept)))


def _read(path: Path) -> SplitScores | None:
    return read_json(path, lambda found: SplitScores(**found), _AGAIN) if path.exists() else None


def _write(path: Path, scores: Scores) -> None:
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(_as_dict(scores)))


def _as_dict(scores: Scores) -> dict[str, Any]:
    return {"values": dict(scores.values), "per_class": {k: dict(v) for k, v in scores.per_class.items()}}

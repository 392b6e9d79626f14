"""Scores that are kept beside a student: of test and teacher, and of seeds that confirmed it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedkd.disk.json_file import read_json
from sedkd.score.postprocess import PostProcessing

TEST_FILE = "test.json"
TEACHER_FILE = "teacher.json"
_MEND = "remove it; the same search line scores what is missing"
CONFIRMED_FILE = "confirmed.json"


@dataclass(frozen=True)
class SplitScores:
    """Scores on one split: `values` by name and `per_class`; None is what cannot be computed. `split`: of test, which
    recordings and annotations it was made of (see `Pool.test_digest`); earlier versions did not write it down."""

    values: dict[str, float | None]
    per_class: dict[str, dict[str, float | None]]
    split: str | None = None

    @property
    def holds_events(self) -> bool:
        """Whether the split holds any of the events."""
        return any(scores.get("f1_segment") is not None for scores in self.per_class.values())


def notes_on_test(scores: Iterable[SplitScores | None]) -> list[str]:
    """What a person should know of these test scores."""
    silent = any(found and not found.holds_events for found in scores)
    return ["test holds none of the events: what cannot be computed there is '-'"] if silent else []


def another_test_words(stale: Collection[SplitScores]) -> str:
    """What a person should know where these test scores are not of the test split that is there now."""
    count = "one student" if len(stale) == 1 else f"{len(stale)} students"
    if any(found.split is not None for found in stale):
        return f"the test split has changed since {count} had been scored on it: scored anew, as the teacher is"
    return f"on which test split {count} had been scored was not written down: scored anew, as the teacher is"


def test_scores(trial: Path) -> SplitScores | None:
    """The test scores in a trial's folder, if they have been computed."""
    path = trial / TEST_FILE
    return read_json(path, lambda found: SplitScores(**found), _MEND) if path.exists() else None


def teacher_scores(study: Path) -> dict[str, SplitScores]:
    """The teacher's scores by split (validation, test) in a study's folder, as far as they have been computed."""
    kept = kept_of_teacher(study)
    return {split: SplitScores(**kept[split]) for split in ("validation", "test") if split in kept}


def kept_of_teacher(study: Path) -> dict[str, Any]:
    """What a study's folder keeps of the teacher: `post`, and its scores by split; nothing before it was scored."""
    path = study / TEACHER_FILE
    return read_json(path, _checked, _MEND) if path.exists() else {}


def post_of(found: Mapping[str, Any]) -> PostProcessing:
    """Thresholds and filters as a record keeps them."""
    return PostProcessing(**{key: tuple(value) for key, value in found.items()})


def _checked(kept: dict[str, Any]) -> dict[str, Any]:
    post_of(kept["post"])
    for split in ("validation", "test"):
        if split in kept:
            SplitScores(**kept[split])
    return kept


@dataclass(frozen=True)
class Confirmed:
    """Mean over the new seeds and 95 % interval (over seeds and recordings) of each F1, on validation;
    `indistinguishable_from` is the cheapest confirmed trial from which the study's quality does not tell it apart."""

    values: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    seeds: int
    indistinguishable_from: int | None = None


def confirmed(trial: Path) -> Confirmed | None:
    """What a trial's folder knows of it, if it was confirmed."""
    path = trial / CONFIRMED_FILE
    if not path.exists():
        return None
    mend = "remove it; the same line with --confirm writes it anew"
    return read_json(path, lambda found: Confirmed(**found), mend)

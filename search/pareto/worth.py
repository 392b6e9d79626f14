"""What more labels and more trials were worth, by what was measured before: comparisons with several numbers of
labelled clips, and the trials of a study. Nothing is said where nothing was measured."""

import re
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.pareto.rungs import students
from search.study.records import FinishedTrial
from search.study.view import StudyView
from sedkd.compare.bootstrap import FEWEST_SEEDS, RESAMPLES, interval
from sedkd.disk.json_file import read_json
from sedkd.errors import SedkdWarning, UserError

FILE = "comparison.json"
ARM, METRIC = "aware", "f1_segment"
NUMBER = "labelled"
ALIKE = ("environment", "data", "architecture", "strategy", "seeds", "steps", "events")
"""What comparisons have in common, beside teacher and impulse responses, that differ in their labelled clips alone."""


@dataclass(frozen=True)
class LabelsWorth:
    """What twice the labelled clips were worth to the environment-aware student, in F1 on test: the mean over events
    with its 95 % interval (bootstrap over seeds, as that of `sedkd.compare`), and the mean of each event.

    numbers: of labelled clips, from the fewest. architecture, seeds: of the comparisons.
    """

    mean: float
    low: float
    high: float
    by_event: Mapping[str, float]
    numbers: Sequence[int]
    architecture: str
    seeds: int

    def of_more(self, event: str, labels: int, more: int) -> float | None:
        """F1 that `more` labels of an event may bring where there are `labels`: as much for every doubling as it was
        where that was measured. None where it was not."""
        per_doubling = self.by_event.get(event)
        return None if per_doubling is None or not labels else per_doubling * float(np.log2(1 + more / labels))


def comparisons_in(folder: Path) -> list[dict[str, Any]]:
    """What `sedkd compare` kept there; a damaged comparison is left out with a warning."""
    found = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        try:
            found.append(read_json(path, dict, "the line that made it writes it anew"))
        except UserError as error:
            warnings.warn(f"{error}; left out", SedkdWarning, stacklevel=2)
    return found


def labels_worth(comparisons: Sequence[Mapping[str, Any]], environment: str) -> LabelsWorth | None:
    """By those of the environment that differ in their labelled clips alone, of which there are most numbers."""
    groups: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for one in comparisons:
        arms = {arm["name"]: arm for arm in one.get("arms", ())}
        # Those of an earlier version lack something of this.
        whole = ARM in arms and all(key in one for key in (*ALIKE, NUMBER))
        if whole and one.get("environment") == environment and one.get("criterion") == METRIC:
            groups[_alike(one)][one[NUMBER]["used"]] = {**one, "arm": arms[ARM]}
    curve = max(groups.values(), key=len, default={})
    return _fitted(curve) if len(curve) > 1 else None


def _alike(one: Mapping[str, Any]) -> str:
    # A teacher learns from fewer labels in fewer steps, and is the same kind all the same.
    teachers = [re.sub(r" \d+ steps", "", teacher["origin"]) for teacher in one.get("teachers", ())]
    # What is missing was not yet written down, how students are trained or which test they are scored on: those are of
    # one kind.
    newer = [one.get(key) for key in ("training", "scored_on")]
    return repr([*(one[key] for key in ALIKE), teachers, one.get("impulse_responses") or [], *newer])


def _fitted(curve: Mapping[int, Mapping[str, Any]]) -> LabelsWorth | None:
    numbers = sorted(curve)
    first = curve[numbers[0]]
    arms = [curve[number]["arm"] for number in numbers]
    seeds = [arm["test"][METRIC]["seeds"] for arm in arms]
    if not all(seeds) or first["seeds"] < FEWEST_SEEDS:
        return None  # test held none of the events, or nobody knows what another seed would have made
    doublings = np.log2(numbers)
    scores = np.array(seeds)  # [numbers, seeds]
    drawn = np.random.default_rng(0).integers(scores.shape[1], size=(RESAMPLES, scores.shape[1]))
    slopes = _slopes(doublings, scores)  # of each seed
    low, high = interval(slopes, slopes[drawn].mean(1))
    known = {e: [arm["per_class"][e][METRIC] for arm in arms] for e in curve[numbers[0]]["events"]}
    by_event = {e: float(_slopes(doublings, np.array([found]).T)[0]) for e, found in known.items() if None not in found}
    return LabelsWorth(float(slopes.mean()), low, high, by_event, numbers, first["architecture"], first["seeds"])


def _slopes(doublings: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Least squares of each column of scores `[numbers, columns]`."""
    centred = doublings - doublings.mean()
    return centred @ scores / (centred @ centred)


@dataclass(frozen=True)
class TrialsWorth:
    """What the second half of a study's students raised the best quality by, on validation."""

    study: str
    quality: str
    students: int
    best: float
    gain: float


def _in_order_of_drawing(members: Sequence[FinishedTrial]) -> list[FinishedTrial]:
    """Of each student the last trial, by its first one: who is trained on was no new idea then."""
    before = {member.number: member.record.continues for member in members}

    def first(number: int) -> int:
        while (earlier := before.get(number)) is not None:
            number = earlier
        return number

    return sorted(students(members), key=lambda member: first(member.number))


def trials_worth(study: StudyView) -> TrialsWorth | None:
    """None where too few were trained to their end."""
    members, quality = _in_order_of_drawing(study.finished()), study.objectives.quality
    half = len(members) // 2
    if not half:
        return None
    scores = [member.measure(quality) for member in members]
    return TrialsWorth(study.name, quality, len(members), max(scores), max(scores) - max(scores[:half]))

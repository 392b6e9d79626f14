"""Pareto-aware early stopping, which Optuna does not have for several objectives.

A trial is ended at a rung when not even the gains that finished trials made from there on would bring it past one that
costs no more: dominance with a margin that the study itself has measured. Scores at rungs are user attributes, so that
they outlive restarts and serve all workers; a trial that ended so is recorded as pruned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from sedkd.train.fit import Checkpoint

RUNGS = ("full@0.5", "full@0.75")  # a distilled student blooms late: none before half-way
MIN_FINISHED = 8
GAIN_QUANTILE = 0.9  # quantile of the gains


@dataclass(frozen=True)
class RungScores:
    """What is known of a finished trial: its costs, its score at the end as training saw it, and at the rungs."""

    costs: tuple[float, ...]
    score: float
    rungs: Mapping[str, float]


class Hopeless(Exception):
    """A trial that was ended at `rung` with `score`, after `curve`."""

    def __init__(self, rung: str, score: float, curve: Sequence[Checkpoint]) -> None:
        super().__init__(f"{rung}: {score:.3f}")
        self.rung, self.score, self.curve = rung, score, list(curve)


def costs_of(measures: Mapping[str, float], objectives: Objectives) -> tuple[float, ...]:
    """The costs among the objectives, in their order."""
    return tuple(float(measures[name]) for name in objectives.costs)


def rung_of(step: int, steps: int) -> str:
    """The rung of a checkpoint, such as full@0.5: the share of its steps that is done."""
    return f"full@{round(4 * step / steps) / 4:g}"


def rung_scores(member: FinishedTrial, objectives: Objectives) -> RungScores:
    """What `is_hopeless` wants to know of a finished trial."""
    curve: Sequence[Mapping[str, Any]] = member.record.curve
    luck = 0.0  # of its first seed, as far as a second one tells
    if member.seeds > 1:
        luck = member.record.measures[objectives.quality] - member.measure(objectives.quality)
    rungs = {rung_of(point["step"], curve[-1]["step"]): point["score"] - luck for point in curve}
    return RungScores(costs_of(member.measures, objectives), curve[-1]["score"] - luck, rungs)


def is_hopeless(score: float, costs: Sequence[float], rung: str, finished: Sequence[RungScores]) -> bool:
    """Whether a trial with these costs and this score at `rung` should end there.

    Of at least eight finished trials with this rung, the gain from there to the end that one in ten exceeds is what may
    be hoped for. The trial is hopeless when one that costs no more, by any cost, has ended at what it may hope for.
    """
    gains = [trial.score - trial.rungs[rung] for trial in finished if rung in trial.rungs]
    if rung not in RUNGS or len(gains) < MIN_FINISHED:
        return False
    hoped = score + max(float(np.quantile(gains, GAIN_QUANTILE)), 0.0)
    return any(
        trial.score >= hoped and all(theirs <= ours for theirs, ours in zip(trial.costs, costs, strict=True))
        for trial in finished
    )

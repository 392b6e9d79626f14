"""How much of a front is luck: the best of many noisy scores flatters whoever is chosen by it."""

from collections.abc import Sequence

import numpy as np

from search.pareto.front import front
from search.pareto.rungs import NOISE, students
from search.study.objectives import Objectives
from search.study.records import FinishedTrial

DRAWS = 2000
FAR = 8.0  # deviations


def optimism(
    member: FinishedTrial, members: Sequence[FinishedTrial], objectives: Objectives, deviation: float = NOISE
) -> float:
    """How much of the quality of a member of the front is luck on average, if scores differ by `deviation` from seed to
    seed.

    It is the best of those that cost no more. A parametric bootstrap (Efron and Tibshirani 1993) draws their scores
    again and tells by how much the best of a draw is above what it was drawn around. Scores that are noisy themselves
    lie farther apart than what they stand for, so that it tells too little rather than too much.
    """
    within = [m for m in students(members) if m.measure(objectives.cost) <= member.measure(objectives.cost)]
    rivals = np.array([m.measure(objectives.quality) for m in within])
    rivals = rivals[rivals > rivals.max() - FAR * deviation]  # of the others none is ever drawn as the best
    noise = np.random.default_rng(0).normal(0.0, deviation, (DRAWS, len(rivals)))
    best = (rivals + noise).argmax(axis=1)
    return float(noise[np.arange(DRAWS), best].mean())


def luck_words(members: Sequence[FinishedTrial], objectives: Objectives) -> str:
    """Of the best member, in a sentence."""
    best = max(front(members, objectives), key=lambda m: m.measure(objectives.quality))
    luck = max(optimism(best, members, objectives), 0.0)  # a mean of draws may fall below
    score = best.measure(objectives.quality)
    return (
        f"one seed each: if scores differ by {NOISE:g} from seed to seed, about {luck:.3f} of the "
        f"{len(students(members))} students' best, {score:.3f}, is luck"
    )

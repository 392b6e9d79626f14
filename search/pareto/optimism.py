"""How much of a front is luck: the best of many noisy scores flatters whoever is chosen by it."""

from collections.abc import Sequence

import numpy as np

from search.pareto.front import front
from search.pareto.rungs import NOISE, students
from search.study.objectives import Objectives
from search.study.records import FinishedTrial

DRAWS = 2000


def optimism(members: Sequence[FinishedTrial], objectives: Objectives, deviation: float = NOISE) -> dict[int, float]:
    """By number of each front member, how much of its quality is luck on average, if scores differ by `deviation` from
    seed to seed.

    Each is the best of those that cost no more. A parametric bootstrap (Efron and Tibshirani 1993) draws their scores
    again and tells by how much the best of a draw is above what it was drawn around. Scores that are noisy themselves
    lie farther apart than what they stand for, so that it tells too little rather than too much.
    """
    rng, latest = np.random.default_rng(0), students(members)
    quality = np.array([member.measure(objectives.quality) for member in latest])
    cost = np.array([member.measure(objectives.cost) for member in latest])
    found = {}
    for member in front(members, objectives):
        rivals = quality[cost <= member.measure(objectives.cost)]
        noise = rng.normal(0.0, deviation, (DRAWS, max(len(rivals), 1)))
        best = (rivals + noise).argmax(axis=1) if len(rivals) else np.zeros(DRAWS, dtype=int)
        found[member.number] = float(noise[np.arange(DRAWS), best].mean())
    return found


def luck_words(members: Sequence[FinishedTrial], objectives: Objectives) -> str:
    """Of the best member, in a sentence."""
    best = max(front(members, objectives), key=lambda m: m.measure(objectives.quality))
    luck, score = optimism(members, objectives)[best.number], best.measure(objectives.quality)
    return (
        f"one seed each: if scores differ by {NOISE:g} from seed to seed, about {luck:.3f} of the "
        f"{len(students(members))} students' best, {score:.3f}, is luck"
    )

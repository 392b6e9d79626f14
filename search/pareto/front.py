"""The Pareto front: ranks, knee, hypervolume, and which student a person means by a word."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from search.study.objectives import Objectives
from search.study.records import FinishedTrial


def ranks(values: Sequence[Sequence[float]], objectives: Objectives) -> list[int]:
    """Pareto rank of each point: 1 on the front, 2 on the front of the rest, and so on.

    Of points with equal values only the first stands on the front that they share; each other follows one rank after
    the one before it. Efficient non-dominated sort with binary search (ENS-BS, Zhang et al. 2015): in lexical order
    nothing dominates what comes before it, so that a point's front is found among those that are there already.
    """
    losses = np.asarray(values, dtype=float).reshape(-1, len(objectives.names)) * _signs(objectives)
    result = [0] * len(losses)
    fronts: list[_Staircase] = []
    for place in np.lexsort(losses.T[::-1]):  # stable: equal points keep their order
        second, third = losses[place, 1], losses[place, 2] if losses.shape[1] == 3 else 0.0
        # Whoever is dominated on a front is dominated on every front before it.
        rank = bisect_left(fronts, True, key=lambda stairs: not stairs.dominates(second, third))
        if rank == len(fronts):
            fronts.append(_Staircase())
        fronts[rank].add(second, third)
        result[place] = rank + 1
    return result


class _Staircase:
    """The least pairs of a front's second and third losses: `second` rises and `third` falls."""

    def __init__(self) -> None:
        self.second: list[float] = []
        self.third: list[float] = []

    def dominates(self, second: float, third: float) -> bool:
        place = bisect_right(self.second, second)
        return place > 0 and self.third[place - 1] <= third

    def add(self, second: float, third: float) -> None:
        """Add a pair that nothing here dominates, in place of those that it dominates itself."""
        first = end = bisect_left(self.second, second)
        while end < len(self.third) and self.third[end] >= third:
            end += 1
        self.second[first:end], self.third[first:end] = [second], [third]


def front(members: Sequence[FinishedTrial], objectives: Objectives) -> list[FinishedTrial]:
    """The members of rank 1, from the cheapest to the most expensive."""
    ranked = zip(members, ranks([m.values for m in members], objectives), strict=True)
    return sorted((m for m, rank in ranked if rank == 1), key=lambda m: m.measure(objectives.cost))


def hypervolume(members: Sequence[FinishedTrial], objectives: Objectives, reference: Sequence[float]) -> float:
    """Volume that the members dominate up to `reference` (Optuna's values); 0 without members."""
    if not members:
        return 0.0
    from optuna._hypervolume import compute_hypervolume

    signs = _signs(objectives)
    losses = np.array([m.values for m in members]) * signs
    limit = np.asarray(reference) * signs
    inside = losses[(losses <= limit).all(1)]
    return float(compute_hypervolume(inside, limit)) if len(inside) else 0.0


def spread(members: Sequence[FinishedTrial], objectives: Objectives) -> float:
    """Difference in quality between the best and the cheapest front member; NaN without members."""
    if not members:
        return math.nan
    cheapest = min(members, key=lambda m: m.measure(objectives.cost))
    return max(m.measure(objectives.quality) for m in members) - cheapest.measure(objectives.quality)


def _signs(objectives: Objectives) -> np.ndarray:
    return np.array([(-1.0 if d == "maximize" else 1.0) for d in objectives.directions])

"""The Pareto front: ranks, knee, hypervolume, and which student a person means by a word."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.objectives import COST, Objectives
from sedkd.errors import UserError

NAMED_PICKS = ("knee", "best", "smallest")


@dataclass(frozen=True)
class Member:
    """A finished trial: its number, its values as Optuna stores them (costs as log10), its record (see `study`)."""

    number: int
    values: tuple[float, ...]
    record: dict[str, Any]

    def measure(self, name: str) -> float:
        """A score or a cost by name, in its own unit."""
        return self.record["measures"][name]


def ranks(values: Sequence[Sequence[float]], objectives: Objectives) -> list[int]:
    """Pareto rank of each point: 1 on the front, 2 on the front of the rest, and so on.

    Of points with equal values only the first stands on the front that they share; the others follow one rank later.
    """
    if not len(values):
        return []
    losses = np.asarray(values, dtype=float) * [(-1.0 if d == "maximize" else 1.0) for d in objectives.directions]
    not_worse = (losses[:, None] <= losses[None]).all(-1)
    equal = (losses[:, None] == losses[None]).all(-1)
    earlier = np.arange(len(losses))[:, None] < np.arange(len(losses))[None]
    dominates = (not_worse & ~equal) | (equal & earlier)
    result = np.zeros(len(losses), dtype=int)
    rank = 0
    while (result == 0).any():
        rank += 1
        left = result == 0
        free = left & ~(dominates & left[:, None]).any(0)
        result[free] = rank
    return result.tolist()


def front(members: Sequence[Member], objectives: Objectives) -> list[Member]:
    """The members of rank 1, from the cheapest to the most expensive."""
    ranked = zip(members, ranks([m.values for m in members], objectives), strict=True)
    return sorted((m for m, rank in ranked if rank == 1), key=lambda m: m.measure(objectives.cost))


def knee(members: Sequence[Member], objectives: Objectives) -> Member:
    """The front member farthest above the line from the cheapest to the best, both axes scaled to 0..1, cost as log10.

    With fewer than three members, or when none stands above the line, it is the best.
    """
    quality = np.array([m.measure(objectives.quality) for m in members])
    cost = np.log10([max(m.measure(objectives.cost), 1e-9) for m in members])
    best = int(quality.argmax())
    if len(members) < 3 or np.ptp(quality) == 0 or np.ptp(cost) == 0:
        return members[best]
    above = (quality - quality.min()) / np.ptp(quality) - (cost - cost.min()) / np.ptp(cost)
    corner = int(above.argmax())
    return members[corner] if above[corner] > above[best] + 1e-9 else members[best]


def hypervolume(members: Sequence[Member], objectives: Objectives, reference: Sequence[float]) -> float:
    """Volume that the members dominate up to `reference` (Optuna's values); 0 without members."""
    if not members:
        return 0.0
    from optuna._hypervolume import compute_hypervolume

    signs = np.array([(-1.0 if d == "maximize" else 1.0) for d in objectives.directions])
    losses = np.array([m.values for m in members]) * signs
    limit = np.asarray(reference) * signs
    inside = losses[(losses <= limit).all(1)]
    return float(compute_hypervolume(inside, limit)) if len(inside) else 0.0


def reference_point(objectives: Objectives) -> list[float]:
    """Where hypervolumes are measured from: quality 0, and a cost that no student of the family reaches."""
    worst = {"macs": 9.0, "params": 8.0, "bytes": 9.0, "latency": 4.0}
    return [worst[name] if name in COST else 0.0 for name in objectives.names]


def pick(word: str, members: Sequence[Member], everyone: Sequence[Member], objectives: Objectives) -> Member:
    """The student that a person asks for: knee, best, smallest, trial:N (any finished trial), or "within X%".

    Raises:
        UserError: the word is none of these, or no such trial has finished.
    """
    if not members:
        raise UserError("the study has no finished trial yet")
    if word.startswith("trial:"):
        return _numbered(word, everyone)
    best = max(members, key=lambda m: m.measure(objectives.quality))
    if word == "best":
        return best
    if word == "smallest":
        return min(members, key=lambda m: m.measure(objectives.cost))
    if word == "knee":
        return knee(members, objectives)
    within = re.fullmatch(r"within\s+(\d+(?:\.\d+)?)\s*%", word.strip())
    if within:
        least = best.measure(objectives.quality) * (1 - float(within[1]) / 100)
        able = [m for m in members if m.measure(objectives.quality) >= least]
        return min(able, key=lambda m: m.measure(objectives.cost))
    raise UserError(f'--pick {word}: expected knee, best, smallest, trial:N or "within 1%"')


def spread(members: Sequence[Member], objectives: Objectives) -> float:
    """Difference in quality between the best and the cheapest front member; NaN without members."""
    if not members:
        return math.nan
    cheapest = min(members, key=lambda m: m.measure(objectives.cost))
    return max(m.measure(objectives.quality) for m in members) - cheapest.measure(objectives.quality)


def _numbered(word: str, everyone: Sequence[Member]) -> Member:
    text = word.removeprefix("trial:")
    found = [m for m in everyone if text.isdigit() and m.number == int(text)]
    if not found:
        raise UserError(f"--pick {word}: no finished trial has that number; there are {len(everyone)} finished trials")
    return found[0]

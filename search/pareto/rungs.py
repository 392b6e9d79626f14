"""Students that are trained rung by rung: all to few steps, those that promise something to the front on to more.

Successive halving as ASHA does it (Li et al. 2020), promoted by what they may add to the front's hypervolume: of those
that reached a rung, one in four goes on. At the end all that the front may be made of do. A continued student is a
trial of its own in Optuna, which says whom it continues (`FinishedRecord.continues`).
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np

from search.pareto.expected_gain import expected_gain
from search.study.objectives import Objectives
from search.study.records import FinishedTrial

FACTOR = 4  # from a rung's steps to the next one's; one in so many goes on
FEWEST_STEPS = 150  # of the first rung: fewer tell nothing of what a student will become
UNKNOWN = 0.05  # deviation of the gain from a rung to the next, in F1, where none is known
NOISE = 0.02  # the least deviation of what is foretold: one student's F1 from seed to seed


def rungs_of(steps: int) -> tuple[int, ...]:
    """The rungs of trainings to `steps`, which is the last: (150, 600, 2400) of 2400."""
    found = [steps]
    while found[0] // FACTOR >= FEWEST_STEPS:
        found.insert(0, found[0] // FACTOR)
    return tuple(found)


def students(members: Sequence[FinishedTrial]) -> list[FinishedTrial]:
    """Of each student the last trial, in order."""
    continued = {member.record.continues for member in members}
    return [member for member in members if member.number not in continued]


class Growth:
    """What students gained from rung to rung, as far as some were continued; `studies` are the members of each."""

    def __init__(self, studies: Sequence[Sequence[FinishedTrial]], rungs: Sequence[int], quality: str) -> None:
        self.rungs, self.quality = rungs, quality
        gains: dict[tuple[int, int], list[float]] = defaultdict(list)  # from how many steps to how many
        for members in studies:
            there = {member.number: member for member in members}
            for member in members:
                before = there.get(-1 if member.record.continues is None else member.record.continues)
                if before is not None:
                    way = (before.record.steps, member.record.steps)
                    gains[way].append(member.measure(quality) - before.measure(quality))
        self.gains = {way: (float(np.mean(found)), float(np.std(found))) for way, found in gains.items()}

    def foretold(self, member: FinishedTrial) -> tuple[float, float]:
        """Mean and deviation of the quality that is to be expected of a student at the last rung."""
        ways = [way for way in pairwise(self.rungs) if way[0] >= member.record.steps]
        ahead = [self.gains.get(way, (0.0, UNKNOWN)) for way in ways]
        mean = member.measure(self.quality) + sum(gain for gain, _ in ahead)
        return mean, float(np.sqrt(NOISE**2 + sum(deviation**2 for _, deviation in ahead)))


class Promotion:
    """Which student is trained on. `objectives`: its first quality and its first cost decide. `past`: the members of
    other studies, whose gains from rung to rung count as well."""

    def __init__(
        self, objectives: Objectives, rungs: Sequence[int], past: Sequence[Sequence[FinishedTrial]] = ()
    ) -> None:
        self.objectives, self.rungs, self.past = objectives, rungs, past
        worst = dict(zip(objectives.names, objectives.reference, strict=True))
        self.reference = (worst[objectives.quality], worst[objectives.cost])

    def next(self, members: Sequence[FinishedTrial], taken: Collection[int], all_begun: bool) -> FinishedTrial | None:
        """The student to continue; None where none is to be now.

        members: what has finished. taken: the numbers of those that are being continued, or cannot be. all_begun:
        whether no new student will be begun, so that what the front may be made of is trained to its end.
        """
        left = [m for m in students(members) if m.record.steps < self.rungs[-1] and m.number not in taken]
        if not left:
            return None
        continued = {m.record.continues for m in members} | set(taken)
        for rung in reversed(self.rungs[:-1]):
            there = [m for m in members if m.record.steps == rung]
            waiting = [m for m in left if m.record.steps == rung]
            if waiting and sum(m.number in continued for m in there) < len(there) // FACTOR:
                return self._best(waiting, members)
        numbers = {m.number for m in left}
        hoped = [m for m in self._on_foretold_front(members) if m.number in numbers] if all_begun else []
        return self._best(hoped, members) if hoped else None

    def _best(self, waiting: Sequence[FinishedTrial], members: Sequence[FinishedTrial]) -> FinishedTrial:
        """The most expected gain in hypervolume beside the others as they are foretold, per second of training."""
        growth, rates = self._growth(members), []
        points = {m.number: (growth.foretold(m)[0], self._cost(m)) for m in students(members)}
        for member in waiting:
            front = [point for number, point in points.items() if number != member.number]
            mean, deviation = (np.array([value]) for value in growth.foretold(member))
            (gain,) = expected_gain(mean, deviation, np.array([self._cost(member)]), front, self.reference)
            steps = member.record.steps
            rates.append(gain / (max(member.record.seconds, 1e-3) * (self.rungs[-1] - steps) / steps))
        return waiting[int(np.argmax(rates))]

    def _on_foretold_front(self, members: Sequence[FinishedTrial]) -> list[FinishedTrial]:
        """The students that no other, which costs no more, is expected to equal."""
        growth = self._growth(members)
        found: list[FinishedTrial] = []
        best = -np.inf
        for member in sorted(students(members), key=lambda m: (self._cost(m), -growth.foretold(m)[0])):
            if (mean := growth.foretold(member)[0]) > best:
                found.append(member)
                best = mean
        return found

    def _growth(self, members: Sequence[FinishedTrial]) -> Growth:
        return Growth([members, *self.past], self.rungs, self.objectives.quality)

    def _cost(self, member: FinishedTrial) -> float:
        return member.values[self.objectives.names.index(self.objectives.cost)]

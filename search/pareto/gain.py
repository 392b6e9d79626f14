"""What a search still gains: the hypervolume after each trial, and since when it has not grown."""

from collections.abc import Sequence

import numpy as np

from search.study.objectives import Objectives
from search.study.records import FinishedTrial


class Gain:
    """Follows a study's finished trials; each is looked at once, in the order in which it is shown, and all anew where
    a second seed has changed what one is worth.

    `volumes`: the hypervolume of the front after the first, the second, ... of them.
    """

    def __init__(self, objectives: Objectives) -> None:
        self.signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in objectives.directions])
        self.reference = np.array(objectives.reference) * self.signs
        self._begin()

    def _begin(self) -> None:
        self.front = np.empty((0, len(self.signs)))
        self.seen: dict[int, tuple[float, ...]] = {}
        self.volumes: list[float] = []
        self.last_gain = 0  # how many trials there were when the volume grew the last time

    def look(self, members: Sequence[FinishedTrial]) -> "Gain":
        """Take in those that are new."""
        if any(self.seen.get(member.number, member.values) != member.values for member in members):
            self._begin()
        for member in members:
            if member.number not in self.seen:
                self.seen[member.number] = member.values
                self._add(np.array(member.values) * self.signs)
        return self

    @property
    def volume(self) -> float:
        """The hypervolume now; 0 without trials."""
        return self.volumes[-1] if self.volumes else 0.0

    @property
    def idle(self) -> int:
        """How many trials have ended since the front gained anything."""
        return len(self.volumes) - self.last_gain

    def _add(self, loss: np.ndarray) -> None:
        from optuna._hypervolume import compute_hypervolume

        volume = self.volume
        if not (self.front <= loss).all(axis=1).any():
            self.front = np.vstack([self.front[~(loss <= self.front).all(axis=1)], loss])
            inside = self.front[(self.front < self.reference).all(axis=1)]
            volume = float(compute_hypervolume(inside, self.reference)) if len(inside) else 0.0
        if volume > self.volume:
            self.last_gain = len(self.volumes) + 1
        self.volumes.append(volume)

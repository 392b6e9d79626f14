"""What a search still gains: the hypervolume after each trial, and since when it has not grown."""

from collections.abc import Sequence

import numpy as np

from search.study.objectives import Objectives
from search.study.records import FinishedTrial, StoppedTrial


class Gain:
    """Follows a study's finished trials; each is looked at once, in the order in which it is shown, and all anew where
    a second seed has changed what one is worth.

    `volumes`: the hypervolume of the front after the first, the second, ... of them. `idle`: how many of a budget's
    trials have ended since the front gained anything; to train a student on is none of its own.
    """

    def __init__(self, objectives: Objectives) -> None:
        self.signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in objectives.directions])
        self.reference = np.array(objectives.reference) * self.signs
        self._begin()

    def _begin(self) -> None:
        self.front = np.empty((0, len(self.signs)))
        self.seen: dict[int, tuple[float, ...]] = {}
        self.stopped: set[int] = set()
        self.volumes: list[float] = []
        self.idle = 0

    def look(self, members: Sequence[FinishedTrial], ended_early: Sequence[StoppedTrial] = ()) -> "Gain":
        """Take in those that are new, also those that were ended at a rung, by which nothing was gained."""
        if any(self.seen.get(member.number, member.values) != member.values for member in members):
            self._begin()
        ended: list[FinishedTrial | StoppedTrial] = [member for member in members if member.number not in self.seen]
        ended += [trial for trial in ended_early if trial.number not in self.stopped]
        for trial in sorted(ended, key=lambda trial: trial.number):
            if isinstance(trial, StoppedTrial):
                self.stopped.add(trial.number)
                self.idle += 1
                continue
            self.seen[trial.number] = trial.values
            gained = self._add(np.array(trial.values) * self.signs)
            self.idle = 0 if gained else self.idle + (trial.record.continues is None)
        return self

    @property
    def volume(self) -> float:
        """The hypervolume now; 0 without trials."""
        return self.volumes[-1] if self.volumes else 0.0

    def _add(self, loss: np.ndarray) -> bool:
        """Whether the front gained. Where no student is better than the worst in every objective there is no volume,
        and any that no other equals is a gain."""
        from optuna._hypervolume import compute_hypervolume

        before = volume = self.volume
        is_new = not (self.front <= loss).all(axis=1).any()
        if is_new:
            self.front = np.vstack([self.front[~(loss <= self.front).all(axis=1)], loss])
            inside = self.front[(self.front < self.reference).all(axis=1)]
            volume = float(compute_hypervolume(inside, self.reference)) if len(inside) else 0.0
        self.volumes.append(volume)
        return volume > before or (is_new and not volume)

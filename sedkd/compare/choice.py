"""How an arm chooses among its tries: by F1 on validation, the mean over more than one seed where that is small.

Not by cross-validation over the training recordings too: the teacher has learnt their labels, so that a distilled
student would be told what it is going to be judged by, and one from scratch would not.
"""

from dataclasses import dataclass

import numpy as np

from sedkd.configuration import Configuration
from sedkd.task import Task

TUNING_SEEDS = (10_000, 10_001)  # no seeds of the comparison itself
FEW = 40  # recordings of validation that hold one of the events, below which all of these seeds are needed


@dataclass(frozen=True)
class Tried:
    """A try, and what each of the tuning seeds scored on validation; None for one whose training diverged."""

    configuration: Configuration
    scores: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them diverged."""
        known = [score for score in self.scores if score is not None]
        return float(np.mean(known)) if len(known) == len(self.scores) else None


def tuning_seeds(task: Task) -> tuple[int, ...]:
    """The seeds by which tries are judged: one, or, where few recordings judge them, all."""
    return TUNING_SEEDS if judges(task) < FEW else TUNING_SEEDS[:1]


def judges(task: Task) -> int:
    """Recordings of validation that hold one of the events."""
    return sum(
        any(event.event_label in task.events for event in recording.events or ())
        for recording in task.validation.recordings
    )

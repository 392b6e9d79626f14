"""How an arm chooses among its tries: by F1 on validation, the mean over more than one seed where that is small.

Where training is long, all tries are trained for a part of the steps first and only the best of them to the end
(successive halving, Jamieson and Talwalkar 2016, with one halving); the rate falls at the end of either, so that a
short training is judged as a whole one of its length.

Not by cross-validation over the training recordings too: the teacher has learnt their labels, so that a distilled
student would be told what it is going to be judged by, and one from scratch would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sedkd.task.task import Task
from sedkd.trial.configuration import Configuration

TUNING_SEEDS = (10_000, 10_001)  # no seeds of the comparison itself
FEW = 40  # recordings of validation that hold one of the events, below which all of these seeds are needed
LONG = 1200  # steps from which on tries are trained for a part of them first: a part below 300 says little of the whole
PART = 4  # the short training is so many times shorter
FINALISTS = 3  # tries of an arm that are trained to the end


@dataclass(frozen=True)
class Tried:
    """A try, and what each of the tuning seeds scored on validation after the steps of its configuration; None for one
    whose training diverged."""

    configuration: Configuration
    scores: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them diverged."""
        known = [score for score in self.scores if score is not None]
        return float(np.mean(known)) if len(known) == len(self.scores) else None


def shortened(tries: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """The short trainings by which finalists are chosen, in the order of the tries; none where all are trained to the
    end at once."""
    if len(tries) <= FINALISTS or min(one.train.steps for one in tries) < LONG:
        return ()
    return tuple(replace(one, train=replace(one.train, steps=one.train.steps // PART)) for one in tries)


def finalists(tries: Sequence[Configuration], short: Sequence[Tried]) -> tuple[Configuration, ...]:
    """The tries whose short trainings scored best, in the order of `tries`; those that diverged are none."""
    able = [place for place, one in enumerate(short) if one.mean is not None]
    best = sorted(able, key=lambda place: -(short[place].mean or 0.0))[:FINALISTS]
    return tuple(tries[place] for place in sorted(best))


def tuning_seeds(task: Task) -> tuple[int, ...]:
    """The seeds by which tries are judged: one, or, where few recordings judge them, all."""
    return TUNING_SEEDS if judges(task) < FEW else TUNING_SEEDS[:1]


def judges(task: Task) -> int:
    """Recordings of validation that hold one of the events."""
    return sum(
        any(event.event_label in task.events for event in recording.events or ())
        for recording in task.validation.recordings
    )

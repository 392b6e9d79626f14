"""How an arm chooses among its tries: by F1 on validation, in two rounds.

All tries are trained with one seed, and only the best of them, the finalists, with more: one seed's best of a dozen is
to a good part the luckiest. Where training is long, the first round is a part of the steps (successive halving,
Jamieson and Talwalkar 2016, with one halving).

Not by cross-validation over the training recordings too: the teacher has learnt their labels, so that a distilled
student would be told what it is going to be judged by, and one from scratch would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sedkd.task.task import Task
from sedkd.trial.configuration import Configuration

TUNING_SEEDS = (10_000, 10_001, 10_002)  # no seeds of the comparison itself; the first one for all tries
RARE = 20  # recordings of validation that hold the rarest event, below which finalists take all of these seeds
LONG = 1200  # steps from which on the first round is a part of them: a part below 300 says little of the whole
PART = 4  # the short training is so many times shorter
LEVEL = 0.05  # of the analysis of variance that tells finalists apart
FINALISTS = 3  # tries of an arm that are trained to the end with more seeds


@dataclass(frozen=True)
class Tried:
    """A try, and what each of the seeds that it was trained with scored on validation after the steps of its
    configuration; None for one whose training diverged."""

    configuration: Configuration
    scores: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them diverged."""
        known = [score for score in self.scores if score is not None]
        return float(np.mean(known)) if len(known) == len(self.scores) else None


def first_round(tries: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """The trainings by which finalists are chosen, in the order of the tries: shorter ones where training is long."""
    if min(one.train.steps for one in tries) < LONG:
        return tuple(tries)
    return tuple(replace(one, train=replace(one.train, steps=one.train.steps // PART)) for one in tries)


def finalists(tries: Sequence[Configuration], first: Sequence[Tried]) -> tuple[Configuration, ...]:
    """The tries that did best in the first round, in the order of `tries`; those that diverged are none."""
    able = [place for place, one in enumerate(first) if one.mean is not None]
    best = sorted(able, key=lambda place: -(first[place].mean or 0.0))[:FINALISTS]
    return tuple(tries[place] for place in sorted(best))


def are_told_apart(tried: Sequence[Tried]) -> bool | None:
    """Whether the finalists among them differ by more than their seeds do, by analysis of variance at 5 %; None where
    fewer than two of them have several seeds. If not, another one might as well have been chosen."""
    from scipy.stats import f_oneway

    several = [
        [score for score in one.scores if score is not None]
        for one in tried
        if len(one.scores) > 1 and one.mean is not None
    ]
    if len(several) < 2:
        return None
    if all(len(set(scores)) == 1 for scores in several):  # no noise to compare with
        return len({scores[0] for scores in several}) > 1
    return bool(f_oneway(*several).pvalue < LEVEL)


def tuning_seeds(task: Task) -> tuple[int, ...]:
    """The seeds by which finalists are judged: two, or three where few recordings judge one of the events."""
    return TUNING_SEEDS if min(judges(task).values()) < RARE else TUNING_SEEDS[:-1]


def judges(task: Task) -> dict[str, int]:
    """By event, how many recordings of validation hold it."""
    held = [{event.event_label for event in recording.events or ()} for recording in task.validation.recordings]
    return {event: sum(event in labels for labels in held) for event in task.events}

"""What answers say of a detector: how often it is right in each band of confidence, and which threshold to take.

The clips of a review are no fair sample of what was detected: a draw prefers some scores. How they were drawn depends
on the score alone, so that it does not bias how the chance of a yes depends on the score (the logistic fit). It does
bias every sum over detections, such as a precision from a threshold up, or false alarms per hour: there each answer
counts for as many candidates of its label and band as were found per one that was answered (inverse probability
weights, Horvitz and Thompson 1952, with bands as strata; within a band the answered ones are taken for typical).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sedkd.review.answers import Answer
from sedkd.review.drawing import BANDS, EDGES, band_words, logit
from sedkd.review.logistic import chances, fitted
from sedkd.review.review import Review

MIN_ANSWERS = 10  # answers that a fit is made of
MIN_ANSWERS_ABOVE = 5  # of them from a threshold up
SAMPLES = 1000
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Band:
    """Of one label and band of confidence: candidates, answers, answers with yes."""

    words: str
    found: int
    answered: int
    yes: int

    @property
    def interval(self) -> tuple[float, float]:
        """Of the precision, 95 % (Wilson 1927)."""
        n, z = self.answered, 1.959964
        middle = (self.yes + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * (self.yes * (n - self.yes) / n + z * z / 4) ** 0.5
        return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True)
class Bound:
    """A threshold: `value`, or None with the `reason`; `high` is None where the interval does not end; `kept` is the
    share of right detections above it, of those that were candidates; `note` is what a person should know."""

    value: float | None
    low: float | None = None
    high: float | None = None
    kept: float | None = None
    reason: str = ""
    note: str = ""


def bands_of(review: Review, answers: Sequence[Answer], label: str) -> list[Band]:
    """The bands of a label in which there are candidates, from the lowest up."""
    own = [answer for answer in answers if answer.clip.label == label]
    answered = Counter(answer.clip.band for answer in own)
    yes = Counter(answer.clip.band for answer in own if answer.yes)
    counts = review.found[label]
    return [Band(band_words(b), counts[b], answered[b], yes[b]) for b in range(BANDS) if counts[b]]


def for_precision(review: Review, answers: Sequence[Answer], label: str, precision: float) -> Bound:
    """The lowest threshold from which up at least this share of a label's detections is right."""

    def reached(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
        return right >= precision * (right + wrong)

    return _lowest(review, answers, label, reached, f"a precision of {precision:g}")


def for_false_alarms(review: Review, answers: Sequence[Answer], label: str, per_hour: float) -> Bound:
    """The lowest threshold from which up a label has at most so many wrong detections in an hour of recordings."""

    def reached(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
        return wrong <= per_hour * review.hours

    return _lowest(review, answers, label, reached, f"{per_hour:g} false alarms per hour")


def _lowest(
    review: Review,
    answers: Sequence[Answer],
    label: str,
    reached: Callable[[np.ndarray, np.ndarray], np.ndarray],
    wanted: str,
) -> Bound:
    """The lowest answered score from which up the sums `[samples, scores]` of right and wrong detections satisfy
    `reached`, with a bootstrap interval: answers are drawn anew within each band."""
    own = sorted((a for a in answers if a.clip.label == label), key=lambda answer: answer.clip.score)
    if len(own) < MIN_ANSWERS:
        return Bound(None, reason=f"{len(own)} answers; give at least {MIN_ANSWERS}")
    scores = np.array([answer.clip.score for answer in own])
    yes = np.array([float(answer.yes) for answer in own])
    bands = np.array([answer.clip.band for answer in own])
    found, answered = np.array(review.found[label]), np.bincount(bands, minlength=BANDS)
    silent = np.flatnonzero((found > 0) & (answered == 0))
    usable = scores >= (EDGES[silent[-1] + 1] if len(silent) else 0)  # nothing above is without answers
    usable &= np.arange(len(scores))[::-1] + 1 >= MIN_ANSWERS_ABOVE
    usable &= np.concatenate([[True], scores[1:] > scores[:-1]])  # of equal scores the first, with all of them above
    places = np.flatnonzero(usable)
    if not len(places):
        gap = f" without answers from {band_words(silent[-1])}" if len(silent) else ""
        return Bound(None, reason=f"too few answers at high confidence{gap}")
    x = np.array([logit(score) for score in scores])
    counts = np.concatenate([np.ones((1, len(own))), _resampled(bands)])
    chance = chances(fitted(x, yes, counts), x)
    weight = counts * (found / np.maximum(answered, 1))[bands]
    right, wrong = (_from_here_up(weight * part) for part in (chance, 1 - chance))
    meets = reached(right[:, places], wrong[:, places])
    thresholds = np.where(meets.any(axis=1), scores[places][meets.argmax(axis=1)], np.inf)
    if not np.isfinite(thresholds[0]):
        return Bound(None, reason=f"{wanted} is not reached up to {scores[places[-1]]:.3f}, where the answers end")
    low, high = np.quantile(thresholds[1:], [LOW, HIGH], method="nearest").tolist()
    place = places[meets[0].argmax()]
    notes = ["the lowest that the answers speak of"] if place == places[0] else []
    notes += ["no answer is no"] if yes.all() else []
    return Bound(
        float(scores[place]),
        low if np.isfinite(low) else None,
        high if np.isfinite(high) else None,
        float(right[0, place] / right[0, 0]),
        note=", ".join(notes),
    )


def _resampled(bands: np.ndarray) -> np.ndarray:
    """How often each answer is drawn `[SAMPLES, answers]`; every band keeps its number of answers."""
    rng = np.random.default_rng(0)
    counts = np.zeros((SAMPLES, len(bands)))
    for band in np.unique(bands):
        (own,) = np.nonzero(bands == band)
        counts[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=SAMPLES)
    return counts


def _from_here_up(values: np.ndarray) -> np.ndarray:
    return values[:, ::-1].cumsum(axis=1)[:, ::-1]

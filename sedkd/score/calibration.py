"""Whether probabilities mean what they say: of frames that get 0.8, how many lie within the event?

Reliability diagrams and the expected calibration error (Naeini et al., AAAI 2015; Guo et al., ICML 2017), per class and
on single frames, before the median filter. Neighbouring frames are alike: their number is not one of independent tries.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sedkd.score.postprocess import Answers

BINS = 10  # of equal width, from 0 to 1


@dataclass(frozen=True)
class Calibration:
    """Of one class and each of the bins of probability: its frames, how many of them lie within the class's events (by
    half at least), and the sum of their probabilities."""

    frames: Sequence[int]
    active: Sequence[int]
    summed: Sequence[float]

    @property
    def points(self) -> list[tuple[float, float, int]]:
        """Mean probability, share of active frames and number of frames of each bin that holds any."""
        rows = zip(self.frames, self.active, self.summed, strict=True)
        return [(summed / frames, active / frames, frames) for frames, active, summed in rows if frames]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of the two, over frames."""
        return sum(frames * abs(mean - share) for mean, share, frames in self.points) / sum(self.frames)

    @property
    def occurs(self) -> bool:
        """Whether any frame lies within an event: of others nothing can be said."""
        return any(self.active)


def calibration_of(answers: Answers) -> dict[str, Calibration]:
    """By class."""
    probability = np.concatenate([np.asarray(p, dtype=float) for p in answers.probabilities])
    active = np.concatenate([_active(answers, number) for number in range(len(answers.filenames))])
    # One that lies on an edge belongs to the bin above it, 1 to the last.
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    found = {}
    for c, label in enumerate(answers.labels):
        counts, hits, sums = (
            np.bincount(place[:, c], weights=weights, minlength=BINS)
            for weights in (None, active[:, c], probability[:, c])
        )
        found[label] = Calibration(
            [int(n) for n in counts], [int(n) for n in hits], [float(np.round(s, 6)) for s in sums]
        )
    return found


def _active(answers: Answers, number: int) -> np.ndarray:
    """Whether each label's events cover half of a frame or more, `[frames, labels]`, of one recording."""
    frames = len(answers.probabilities[number])
    edges = np.arange(frames + 1) * answers.frame_seconds
    covered = np.zeros((frames, len(answers.labels)))
    for event in answers.truth[number]:
        if event.event_label in answers.labels:
            share = np.minimum(edges[1:], event.offset) - np.maximum(edges[:-1], event.onset)
            covered[:, answers.labels.index(event.event_label)] += np.maximum(share, 0)
    return covered >= answers.frame_seconds / 2

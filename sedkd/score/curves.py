"""What every threshold would do: hits and false alarms of each class, for precision-recall and DET curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sedkd.score.alarms import FINE, detected
from sedkd.score.postprocess import Answers, PostProcessing, event_hits
from sedkd.score.thresholding import smooth


@dataclass(frozen=True)
class Curve:
    """Of one class and each of `thresholds`: events that were hit and false alarms, event-based, out of `events` and in
    so many `hours`. `chosen` is the threshold that the student has."""

    thresholds: Sequence[float]
    hits: Sequence[int]
    alarms: Sequence[int]
    events: int
    hours: float
    chosen: float


def curves_of(answers: Answers, post: PostProcessing, negatives: Answers | None = None) -> dict[str, Curve]:
    """By class, with the filters of `post`; `negatives` are answers for recordings without events."""
    found = event_hits(answers, [smooth(p, post.median_frames) for p in answers.probabilities], FINE)
    alarms, seconds = found.system - found.hits, sum(answers.durations)
    if negatives is not None:
        quiet = detected([smooth(p, post.median_frames) for p in negatives.probabilities])
        alarms, seconds = alarms + quiet, seconds + sum(negatives.durations)
    return {
        label: Curve(
            FINE,
            [int(n) for n in found.hits[:, c]],
            [int(n) for n in alarms[:, c]],
            int(found.reference[c]),
            seconds / 3600,
            post.thresholds[c],
        )
        for c, label in enumerate(answers.labels)
    }

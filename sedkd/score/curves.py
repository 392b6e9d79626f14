"""What every threshold would do: hits and false alarms of each class, for precision-recall and DET curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sedkd.score.alarms import FINE, detected
from sedkd.score.postprocess import Answers, PostProcessing, event_hits
from sedkd.score.thresholding import smooth

Point = tuple[float, float, float]


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

    @property
    def precision(self) -> list[Point]:
        """Recall, precision and threshold, where anything was detected."""
        pairs = zip(self.hits, self.alarms, self.thresholds, strict=True)
        return [(hits / self.events, hits / (hits + alarms), t) for hits, alarms, t in pairs if hits + alarms]

    @property
    def misses(self) -> list[Point]:
        """False alarms per hour, share of missed events and threshold, where there was an alarm: 0 has no place on a
        log axis."""
        pairs = zip(self.hits, self.alarms, self.thresholds, strict=True)
        return [(alarms / self.hours, 1 - hits / self.events, t) for hits, alarms, t in pairs if alarms]

    def is_chosen(self, threshold: float) -> bool:
        return abs(threshold - self.chosen) < 1e-9


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

"""False alarms per hour, and the thresholds that hear most within so many of them.

A false alarm is a detection that matches no event with event-based collars, so one whose end is far off is one, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sedkd.data.sealed import require_sealed
from sedkd.score.f1 import F1Report
from sedkd.score.postprocess import THRESHOLDS, Answers, PostProcessing, event_hits, medians_of, tune
from sedkd.score.thresholding import at_least, smooth

FINE = (*THRESHOLDS, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)  # alarms are rare where thresholds are high
NEVER = 1.01  # a threshold that no probability reaches
MAX_COUNTED = 2000  # false alarms by which budgets are told apart


@dataclass(frozen=True)
class AlarmRate:
    """False alarms per hour, of all classes together and per class, in so many hours."""

    total: float
    per_class: dict[str, float]
    hours: float


def alarm_rate(
    event: F1Report, durations: Mapping[str, float], quiet: Mapping[str, int] | None = None, quiet_seconds: float = 0.0
) -> AlarmRate | None:
    """Of detections scored by `event_f1` in recordings of these durations (seconds), and, where given, the detections
    by class in more seconds without any event; None where there is no time."""
    hours = (sum(durations.values()) + quiet_seconds) / 3600
    if hours <= 0:
        return None
    per_class = {label: (count + (quiet or {}).get(label, 0)) / hours for label, count in event.false_alarms.items()}
    return AlarmRate(sum(per_class.values()), per_class, hours)


def tuned(
    answers: Answers, criterion: str, most_alarms: float | None = None, negatives: Answers | None = None
) -> PostProcessing:
    """By the best F1 (see `tune`), or where a limit is given by `tuned_to_alarms`."""
    return tune(answers, criterion) if most_alarms is None else tuned_to_alarms(answers, most_alarms, negatives)


def tuned_to_alarms(answers: Answers, most: float, negatives: Answers | None = None) -> PostProcessing:
    """The thresholds and filters with the highest macro recall of events among those that raise at most `most` false
    alarms per hour, all classes together, on `answers` and on recordings without events, `negatives`.

    How many of the alarms each class may raise is chosen with them, exactly (dynamic programming over the alarms).
    Among equals fewer alarms, then the threshold nearest 0.5, then the shortest filter. A class that can hear nothing
    within its share, or has no event to be heard, gets the threshold NEVER.
    """
    require_sealed("tuning thresholds")
    medians = medians_of(answers.frame_seconds)
    hits, alarms = counted(answers, medians, negatives)
    reference = np.array([sum(e.event_label == label for t in answers.truth for e in t) for label in answers.labels])
    seconds = sum(answers.durations) + (sum(negatives.durations) if negatives else 0.0)
    allowed = int(most * seconds / 3600 + 1e-9)
    chosen = _shared(
        [_options(hits[:, :, c], alarms[:, :, c], medians, reference[c]) for c in range(len(answers.labels))], allowed
    )
    return PostProcessing(tuple(o.threshold for o in chosen), tuple(o.median for o in chosen))


def counted(answers: Answers, medians: Sequence[int], negatives: Answers | None) -> tuple[np.ndarray, np.ndarray]:
    """Hits and false alarms `[medians, FINE, labels]`, event-based."""
    hits, alarms = [], []
    for median in medians:
        found = event_hits(answers, _smoothed(answers, median), FINE)
        hits.append(found.hits)
        alarms.append(found.system - found.hits)
        if negatives is not None:
            alarms[-1] = alarms[-1] + detected(_smoothed(negatives, median))
    return np.stack(hits), np.stack(alarms)


def detected(smoothed: Sequence[np.ndarray]) -> np.ndarray:
    """How many events are told `[FINE, labels]` of probabilities `[frames, labels]` per recording."""
    found = np.zeros((len(FINE), smoothed[0].shape[1]))
    for p in smoothed:
        for number, threshold in enumerate(FINE):
            active = p >= at_least(threshold)
            found[number] += active[:1].sum(0) + (active[1:] & ~active[:-1]).sum(0)
    return found


def _smoothed(answers: Answers, median: int) -> list[np.ndarray]:
    return [smooth(p, np.full(len(answers.labels), median)) for p in answers.probabilities]


@dataclass(frozen=True)
class _Option:
    """What a class may be set to: the recall it gains and the alarms it costs."""

    recall: float
    alarms: int
    threshold: float
    median: int


def _options(hits: np.ndarray, alarms: np.ndarray, medians: Sequence[int], reference: int) -> list[_Option]:
    """The settings `[medians, FINE]` of a class that hear more than every cheaper one, silence first."""
    found = [_Option(0.0, 0, NEVER, 1)]
    every = [
        _Option(float(hits[m, t]) / reference, int(alarms[m, t]), FINE[t], medians[m])
        for m, t in np.ndindex(hits.shape)
        if reference and hits[m, t]
    ]
    for option in sorted(every, key=lambda o: (o.alarms, -o.recall, abs(o.threshold - 0.5), o.median)):
        if option.recall > found[-1].recall:
            found.append(option)
    return found


def _shared(classes: Sequence[Sequence[_Option]], allowed: int) -> list[_Option]:
    """An option for each class: the largest sum of recalls whose alarms together are at most `allowed`, and among
    equals the fewest alarms."""
    step = max(-(-allowed // MAX_COUNTED), 1)  # of many alarms, not every single one is told apart
    size = allowed // step + 1
    best, choices = np.zeros(size), list[np.ndarray]()
    for options in classes:
        tried = np.full((len(options), size), -np.inf)
        for place, option in enumerate(options):
            price = -(-option.alarms // step)
            if price < size:
                tried[place, price:] = best[: size - price] + option.recall
        choices.append(tried.argmax(axis=0))
        best = tried.max(axis=0)
    left = int(np.argmax(best >= best[-1] - 1e-12))
    found = []
    for options, choice in zip(reversed(classes), reversed(choices), strict=True):
        option = options[choice[left]]
        found.append(option)
        left -= -(-option.alarms // step)
    return found[::-1]

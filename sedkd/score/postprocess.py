"""Choose thresholds and median filters, per class, on the validation split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sedkd.data.events import Event
from sedkd.data.sealed import require_sealed
from sedkd.score.thresholding import at_least, decode, smooth

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.96, 0.05), 2).tolist())
MEDIAN_SECONDS = (0.0, 0.24, 0.4, 0.72, 1.2)
SEGMENT_SECONDS = 1.0
COLLAR = 0.2


@dataclass(frozen=True)
class PostProcessing:
    """Per label: the threshold and the length of the median filter in output frames (odd)."""

    thresholds: tuple[float, ...]
    median_frames: tuple[int, ...]


@dataclass(frozen=True)
class Answers:
    """A model's probabilities `[frames, labels]` per recording, with the recordings' names, durations and truth.

    Raises:
        ValueError: two recordings are called alike, so that one's detections would take the place of the other's.
    """

    probabilities: Sequence[np.ndarray]
    filenames: Sequence[str]
    durations: Sequence[float]
    truth: Sequence[Sequence[Event]]
    labels: tuple[str, ...]
    frame_seconds: float

    def __post_init__(self) -> None:
        if len(set(self.filenames)) < len(self.filenames):
            raise ValueError("two recordings are called alike")

    def detections(self, post: PostProcessing) -> dict[str, list[Event]]:
        """Events per file after post-processing."""
        return {
            name: decode(p, self.frame_seconds, self.labels, post.thresholds, post.median_frames, duration)
            for name, p, duration in zip(self.filenames, self.probabilities, self.durations, strict=True)
        }


def tune(answers: Answers, criterion: str) -> PostProcessing:
    """The thresholds and filters with the best F1 per class; `criterion` is "f1_segment" or "f1_event".

    Among equals the threshold nearest 0.5 and the shortest filter win. A class without a reference event keeps 0.5
    and no filter.
    """
    require_sealed("tuning thresholds")
    count: Callable[[Answers, list[np.ndarray]], np.ndarray] = _CRITERIA[criterion]
    medians = medians_of(answers.frame_seconds)
    scores = np.stack(
        [
            count(answers, [smooth(p, np.full(len(answers.labels), median)) for p in answers.probabilities])
            for median in medians
        ]
    )  # [medians, thresholds, labels]
    distance = np.abs(np.asarray(THRESHOLDS) - 0.5)
    thresholds, filters = [], []
    for c in range(len(answers.labels)):
        best = scores[:, :, c].max(initial=0.0)
        choices = [(m, distance[t], THRESHOLDS[t]) for m, t in np.argwhere(scores[:, :, c] >= best) if best > 0]
        median, _, threshold = min(choices, default=(0, 0.0, 0.5))
        thresholds.append(threshold)
        filters.append(medians[median])
    return PostProcessing(tuple(thresholds), tuple(filters))


def fast_f1(answers: Answers, criterion: str = "f1_segment") -> float:
    """Macro F1 with the best threshold per class and no filter: a quick look while training. See `tune`."""
    scores = _CRITERIA[criterion](answers, list(answers.probabilities)).max(axis=0)
    present = {event.event_label for events in answers.truth for event in events}
    kept = [score for label, score in zip(answers.labels, scores, strict=True) if label in present]
    return float(np.mean(kept)) if kept else 0.0


def _segment_f1(answers: Answers, smoothed: list[np.ndarray]) -> np.ndarray:
    """F1 `[thresholds, labels]` on the 1 s grid."""
    peak, active = segment_peaks(answers, smoothed)
    positive = peak[None] >= np.array([at_least(threshold) for threshold in THRESHOLDS])[:, None, None]
    return _f1((positive & active).sum(1), positive.sum(1), active.sum(0))


def segment_peaks(answers: Answers, smoothed: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of every segment of every recording `[segments, labels]`: the largest of the frames that touch it, and whether
    the label's events are active in it. `smoothed` are the answers' probabilities after a filter."""
    first, end, active = _segments(answers)
    frames = np.concatenate([*smoothed, np.zeros((1, len(answers.labels)), smoothed[0].dtype)])  # reduceat looks there
    peak = np.maximum.reduceat(frames, np.stack([first, end], axis=1).ravel())[::2]
    peak[first == end] = 0  # a segment that no frame touches
    return peak, active


def _segments(answers: Answers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every segment of every recording: the first frame that touches it and the one behind the last, counted over
    all recordings, and whether each label's events are active `[segments, labels]`."""
    first, end, active, before = [], [], [], 0
    for p, events, duration in zip(answers.probabilities, answers.truth, answers.durations, strict=True):
        segments = max(int(np.ceil(duration / SEGMENT_SECONDS)), 1)
        edges = np.arange(len(p) + 1) * answers.frame_seconds  # as `decode` has them: a sum is a hair off
        starts, ends = edges[:-1], np.minimum(edges[1:], duration)
        begun = np.floor(starts / SEGMENT_SECONDS).astype(int)  # both rise: a segment's frames lie side by side
        ended = np.ceil(ends / SEGMENT_SECONDS).astype(int) - 1
        number = np.arange(segments)
        first.append(before + np.searchsorted(np.maximum(begun, ended), number))
        end.append(before + np.searchsorted(np.minimum(begun, ended), number, side="right"))
        there = np.zeros((segments, len(answers.labels)), dtype=bool)
        for event in events:
            if event.event_label in answers.labels:
                rows = slice(int(event.onset // SEGMENT_SECONDS), int(np.ceil(event.offset / SEGMENT_SECONDS)))
                there[rows, answers.labels.index(event.event_label)] = True
        active.append(there)
        before += len(p)
    return np.concatenate(first), np.concatenate(end), np.concatenate(active)


class Hits(NamedTuple):
    """Events that were hit and detections `[thresholds, labels]`, and events `[labels]`."""

    hits: np.ndarray
    system: np.ndarray
    reference: np.ndarray


def _event_f1(answers: Answers, smoothed: list[np.ndarray]) -> np.ndarray:
    """F1 `[thresholds, labels]` over events (see `event_hits`)."""
    return _f1(*event_hits(answers, smoothed, THRESHOLDS))


def event_hits(answers: Answers, smoothed: Sequence[np.ndarray], thresholds: Sequence[float]) -> Hits:
    """Counts of events with a 200 ms collar, matched greedily by onset (sed_eval's is optimal); `smoothed` are
    probabilities `[frames, labels]` per recording."""
    shape, limits = (len(thresholds), len(answers.labels)), [at_least(threshold) for threshold in thresholds]
    hits, system, reference = np.zeros(shape), np.zeros(shape), np.zeros(shape[1])
    for p, events, duration in zip(smoothed, answers.truth, answers.durations, strict=True):
        truth = {
            label: sorted((e.onset, e.offset) for e in events if e.event_label == label) for label in answers.labels
        }
        for c, label in enumerate(answers.labels):
            reference[c] += len(truth[label])
            for t, limit in enumerate(limits):
                found = _runs(p[:, c] >= limit, answers.frame_seconds, duration)
                system[t, c] += len(found)
                hits[t, c] += _matches(truth[label], found)
    return Hits(hits, system, reference)


def _runs(active: np.ndarray, frame_seconds: float, duration: float) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(active.astype(np.int8), prepend=0, append=0))
    return [(a * frame_seconds, min(b * frame_seconds, duration)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _matches(truth: list[tuple[float, float]], found: list[tuple[float, float]]) -> int:
    free, count = list(found), 0
    for onset, offset in truth:
        collar = max(COLLAR, 0.2 * (offset - onset))
        for i, (start, end) in enumerate(free):
            if abs(start - onset) <= COLLAR and abs(end - offset) <= collar:
                del free[i]
                count += 1
                break
    return count


def _f1(hits: np.ndarray, system: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return 2 * hits / np.maximum(system + reference, 1)


def medians_of(frame_seconds: float) -> list[int]:
    """The filters that are tried, in output frames, from the shortest on."""
    return sorted({_odd(seconds / frame_seconds) for seconds in MEDIAN_SECONDS})


def longest_median(frame_seconds: float) -> int:
    """The longest filter that is tried, in output frames."""
    return medians_of(frame_seconds)[-1]


def _odd(frames: float) -> int:
    return max(2 * round((frames - 1) / 2) + 1, 1)


_CRITERIA = {"f1_segment": _segment_f1, "f1_event": _event_f1}

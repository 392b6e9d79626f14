"""What a detector may have heard in recordings, each with how sure it is: what a review draws from."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sedkd.data.inspection import audio_info, readable, sound_infos
from sedkd.export.reading import Bundle
from sedkd.score.thresholding import smooth
from sedkd.stream.detect import file_probabilities

FLOOR = 0.05  # the lowest threshold that is ever tuned
SHARE = 0.5  # a span lasts while more than this share of its peak is reached; a peak stands out of a valley of as much
DIGITS = 4  # of scores
MAX_SECONDS = 8.0  # of a span: what a person can keep in mind; of a longer one the part around its peak


@dataclass(frozen=True, order=True)
class Candidate:
    """A span of a recording in seconds that may hold an event; `score` 0..1 is how sure the detector is."""

    path: Path
    onset: float
    offset: float
    label: str
    score: float


@dataclass(frozen=True)
class Scored:
    """All candidates of some recordings, which last `hours` together; `thresholds` of the detector by label."""

    candidates: Sequence[Candidate]
    hours: float
    thresholds: Mapping[str, float]


def scored_by(bundle: Bundle, paths: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> Scored:
    """What an exported student may have heard: peaks of its probabilities, median-filtered as `detect` does, from
    `FLOOR` up. With a threshold of t, `detect` tells about as many events as there are scores from t up.

    Files that cannot be read are passed over, with a warning each.
    """
    paths = readable(paths)
    found: list[Candidate] = []
    for done, path in enumerate(paths, start=1):
        probability = smooth(file_probabilities(bundle, path), bundle.post.median_frames)
        found += candidates_in(path, probability, bundle.frame_seconds, bundle.labels)
        if progress:
            progress(done, len(paths))
    thresholds = dict(zip(bundle.labels, bundle.post.thresholds, strict=True))
    return Scored(found, hours_of(paths), thresholds)


def candidates_in(path: Path, probability: np.ndarray, frame_seconds: float, labels: Sequence[str]) -> list[Candidate]:
    """The candidates in a recording whose smoothed probabilities are `[frames, labels]`."""
    duration, found = audio_info(path).duration, []
    for column, label in enumerate(labels):
        for first, last, score in peaks(probability[:, column], frame_seconds):
            onset, offset = first * frame_seconds, min(last * frame_seconds, duration)
            if onset < offset:
                found.append(Candidate(path, onset, offset, label, round(score, DIGITS)))
    return found


def peaks(probability: np.ndarray, frame_seconds: float) -> list[tuple[int, int, float]]:
    """The peaks of one label's probabilities `[frames]`: first frame, frame behind the last one, height.

    A peak counts where the valley to a higher one is at most `SHARE` of its height, and of equal ones without such a
    valley the first; so spans do not overlap.
    """
    from scipy.signal import find_peaks

    padded = np.concatenate([[0.0], probability, [0.0]])
    places, _ = find_peaks(padded, height=FLOOR, prominence=SHARE * FLOOR)
    most = math.floor(MAX_SECONDS / frame_seconds)
    found: dict[tuple[int, int], tuple[int, int, float]] = {}
    for place, prominence in zip(places.tolist(), _prominences(padded, places), strict=True):
        if prominence < SHARE * padded[place]:
            continue
        low = padded <= SHARE * padded[place]
        first = int(np.flatnonzero(low[:place])[-1]) + 1
        last = place + int(np.flatnonzero(low[place:])[0])
        start = max(first, min(place - most // 2, last - most))
        found.setdefault((first, last), (start - 1, min(last, start + most) - 1, float(padded[place])))
    return list(found.values())


def _prominences(padded: np.ndarray, places: np.ndarray) -> list[float]:
    from scipy.signal import peak_prominences

    return peak_prominences(padded, places)[0].tolist()


def hours_of(paths: Sequence[Path]) -> float:
    """How long recordings last, together."""
    return sum(info.duration for info in sound_infos(paths).values()) / 3600

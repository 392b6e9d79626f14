"""From frame probabilities to events."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedkd.data.events import Annotations, Event

Array = NDArray[Any]


def smooth(probability: Array, median_frames: Sequence[int] | Array) -> Array:
    """Median-filter each class over time; the first and last frame are repeated past the ends.

    Args:
        probability: [frames, classes].
        median_frames: [classes], the filter's length in frames: odd, 1 for none.

    Returns: [frames, classes], same type.

    Raises:
        ValueError: the shapes differ, or a length is even or below 1.
    """
    from scipy.ndimage import median_filter

    lengths = np.asarray(median_frames)
    _check_shape(probability, lengths, "median_frames")
    if not np.issubdtype(lengths.dtype, np.integer) or np.any(lengths < 1) or np.any(lengths % 2 == 0):
        raise ValueError(f"median_frames must be odd whole numbers from 1 up, not {lengths.tolist()}")
    smoothed = probability.copy()
    for length in np.unique(lengths):
        if length > 1 and len(probability):
            columns = lengths == length
            smoothed[:, columns] = median_filter(probability[:, columns], size=(int(length), 1), mode="nearest")
    return smoothed


def at_least(threshold: float) -> np.float32:
    """The smallest 32-bit number that is not below the threshold: a 32-bit probability reaches both or neither."""
    nearest = np.float32(threshold)
    return nearest if float(nearest) >= threshold else np.nextafter(nearest, np.float32(np.inf))


def decode(
    probability: Array,
    frame_seconds: float,
    labels: Sequence[str],
    thresholds: Sequence[float] | Array,
    median_frames: Sequence[int] | Array,
    duration: float,
) -> list[Event]:
    """Turn one file's frame probabilities into events: smooth, compare with the thresholds, join active frames.

    Args:
        probability: [frames, classes]; frame i spans i * frame_seconds to (i + 1) * frame_seconds.
        labels, thresholds, median_frames: [classes]; a frame is active at or above its threshold (see `smooth`).
        duration: the file's length in seconds; what the frames say past it is cut.

    Returns: events sorted by onset.

    Raises:
        ValueError: the shapes differ or a probability is NaN.
    """
    limits = np.asarray(thresholds, dtype=float)
    _check_shape(probability, limits, "thresholds")
    active = smooth(probability, median_frames) >= limits
    events = _runs(active[None], frame_seconds, labels, duration)[0]
    return sorted(events)


def operating_points(
    probabilities: Mapping[str, Array],
    frame_seconds: float,
    labels: Sequence[str],
    thresholds: Sequence[float] | Array,
) -> dict[float, Annotations]:
    """Threshold every file at every threshold, as PSDS wants it; `smooth` the probabilities first.

    Args:
        probabilities: filename -> [frames, classes].
        labels: [classes].
        thresholds: [points], each applied to all classes.

    Returns: threshold -> filename -> events; every file is listed, offsets are not cut (`psds` does).

    Raises:
        ValueError: the shapes differ or a probability is NaN.
    """
    limits = [float(threshold) for threshold in thresholds]
    points: dict[float, Annotations] = {threshold: {} for threshold in limits}
    for filename, probability in probabilities.items():
        active = probability[None] >= np.asarray(limits)[:, None, None]
        _check_shape(probability, np.asarray(labels), f"{filename}: labels")
        for threshold, events in zip(limits, _runs(active, frame_seconds, labels, np.inf), strict=True):
            points[threshold][filename] = events
    return points


def _check_shape(probability: Array, per_class: Array, what: str) -> None:
    if probability.ndim != 2 or per_class.shape != probability.shape[1:]:
        raise ValueError(f"{what} of shape {per_class.shape} do not fit probabilities {probability.shape}")
    if np.isnan(probability).any():
        raise ValueError("the probabilities hold NaN")


def _runs(active: Array, frame_seconds: float, labels: Sequence[str], duration: float) -> list[list[Event]]:
    """Events of each point: active [points, frames, classes] (bool) -> one list per point."""
    if len(labels) != active.shape[2]:
        raise ValueError(f"{len(labels)} labels do not fit {active.shape[2]} classes")
    padded = np.zeros((active.shape[0], active.shape[2], active.shape[1] + 2), dtype=bool)
    padded[:, :, 1:-1] = active.transpose(0, 2, 1)
    # With time as the last axis the n-th rise and the n-th fall belong to one run.
    point, column, first = np.nonzero(padded[:, :, 1:] & ~padded[:, :, :-1])
    last = np.nonzero(padded[:, :, :-1] & ~padded[:, :, 1:])[2]
    onset, offset = first * frame_seconds, np.minimum(last * frame_seconds, duration)
    events: list[list[Event]] = [[] for _ in range(active.shape[0])]
    for k, c, start, end in zip(point.tolist(), column.tolist(), onset.tolist(), offset.tolist(), strict=True):
        if start < end:
            events[k].append(Event(start, end, labels[c]))
    return events

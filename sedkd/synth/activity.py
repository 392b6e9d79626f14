"""Where a recording of one sound is active: energy above the noise floor, with hysteresis."""

import numpy as np

FRAME_SECONDS = 0.02
ABOVE_FLOOR_DB = 12.0  # an active region rises this far above the noise floor ...
HYSTERESIS_DB = 5.0  # ... and lasts until it falls this much below that
DEEPEST_DB = 45.0  # the floor is sought no deeper below the loudest frame: digital silence has no floor of its own
STEADY_DB = 15.0  # loudest 60 ms less floor; a recording with less is active throughout
GAP_SECONDS = 0.3  # shorter pauses do not part a region
MIN_SECONDS = 0.06  # shorter regions are dropped


def active_regions(sound: np.ndarray, rate: int) -> list[tuple[int, int]]:
    """(start, end) in samples of every active region of mono [n], in order; none for silence.

    The noise floor is the tenth percentile of the short-time level. A recording whose level hardly varies, such as
    rain, is one region.
    """
    frame = max(1, round(FRAME_SECONDS * rate))
    count = len(sound) // frame
    if count == 0 or not np.any(sound):
        return [(0, len(sound))] if np.any(sound) else []
    energy = np.square(sound[: count * frame].astype(np.float64)).reshape(count, frame).mean(axis=1)
    level = 10 * np.log10(np.maximum(energy, 1e-20))
    floor = max(float(np.percentile(level, 10)), float(level.max()) - DEEPEST_DB)
    sustained = 10 * np.log10(np.convolve(energy, np.full(3, 1 / 3), "same").max())
    if sustained - floor < STEADY_DB and level.min() > floor - STEADY_DB:
        return [(0, len(sound))]
    high = min(floor + ABOVE_FLOOR_DB, float(level.max()))
    spans = [(a, b) for a, b in _runs(level > high - HYSTERESIS_DB) if level[a:b].max() >= high]
    joined = _joined(spans, round(GAP_SECONDS / FRAME_SECONDS))
    least = MIN_SECONDS / FRAME_SECONDS
    kept = [(a, b) for a, b in joined if b - a >= least] or joined
    return [(a * frame, b * frame) for a, b in kept]


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """(start, end) of every run of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, mask.astype(np.int8), 0]))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _joined(spans: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined

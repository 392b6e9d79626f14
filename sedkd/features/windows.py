"""How a recording of any length is cut into windows that a model answers one by one.

Windows overlap; of each, the frames near its inner edges are thrown away, because a model knows only one side of
them. Scoring and detection share this plan, so that an exported detector answers as it was scored.
"""

from collections.abc import Iterator
from typing import NamedTuple

WINDOW_SECONDS = 10.0
CONTEXT_SECONDS = 1.0  # thrown away at each inner edge


class Window(NamedTuple):
    """Output frames `start:stop` are computed, of which `keep_start:keep_stop` (same origin) are kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def window_sizes(frame_seconds: float) -> tuple[int, int]:
    """Length of a window and of its context, in output frames."""
    return round(WINDOW_SECONDS / frame_seconds), round(CONTEXT_SECONDS / frame_seconds)


def plan(frames: int, size: int, context: int) -> Iterator[Window]:
    """Windows of at most `size` frames that together keep each of `frames` frames once, in order."""
    start = 0
    while True:
        stop = min(start + size, frames)
        last = stop == frames
        yield Window(start, stop, start + context if start else 0, frames if last else stop - context)
        if last:
            return
        start = stop - 2 * context

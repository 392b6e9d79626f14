"""From probabilities to events while they come in: what `sedkd.score.thresholding.decode` says of the whole file.

The median of an odd number of frames reaches a threshold if and only if more than half of the frames reach it. So a
filter of m frames is a vote among the last m, and its decision comes m // 2 frames late.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sedkd.data.events import Event
from sedkd.score.postprocess import PostProcessing
from sedkd.stream.detection import Detection


class Onset(NamedTuple):
    """An event has begun, `onset` seconds from the start of the stream."""

    onset: float
    event_label: str


Told = Onset | Detection
"""An event that has begun, or one that has ended."""


class StreamDecisions:
    """The events in a stream of probabilities, in constant memory. `frame_seconds` is the length of an output frame.

    Raises:
        ValueError: labels, thresholds and filters are not of one number, or a filter's length is even or below 1.
    """

    def __init__(self, labels: Sequence[str], post: PostProcessing, frame_seconds: float) -> None:
        self.frame_seconds = frame_seconds
        per_class = zip(labels, post.thresholds, post.median_frames, strict=True)
        self._classes = [_Class(label, threshold, frames, frame_seconds) for label, threshold, frames in per_class]

    @property
    def delay_seconds(self) -> float:
        """How long the slowest decision waits for the frames behind the one that it is about."""
        return max(one.half for one in self._classes) * self.frame_seconds

    def feed(self, probabilities: np.ndarray) -> list[Told]:
        """What the next frames `[n, classes]` tell, in order of the frames.

        Raises:
            ValueError: a probability is NaN, or the shape does not fit.
        """
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self._classes):
            raise ValueError(f"probabilities of shape {probabilities.shape} do not fit {len(self._classes)} classes")
        if np.isnan(probabilities).any():
            raise ValueError("the probabilities hold NaN")
        return [told for row in probabilities.tolist() for one, p in zip(self._classes, row, strict=True)
                for told in one.feed(p)]  # fmt: skip

    def finish(self, duration: float) -> list[Told]:
        """What was still undecided at the end of a stream of `duration` seconds, where events end at the latest."""
        return [told for one in self._classes for told in one.finish(duration)]


class _Class:
    """One class's vote and the event that goes on."""

    def __init__(self, label: str, threshold: float, median_frames: int, frame_seconds: float) -> None:
        if median_frames < 1 or median_frames % 2 == 0:
            raise ValueError(f"median_frames must be odd whole numbers from 1 up, not {median_frames}")
        self.label, self.threshold, self.half, self.frame_seconds = label, threshold, median_frames // 2, frame_seconds
        self._window: deque[float] = deque(maxlen=median_frames)
        self._votes = 0
        self._decided = 0  # frames
        self._first: int | None = None  # of the event that goes on
        self._sum = 0.0  # of its probabilities

    def feed(self, probability: float) -> list[Told]:
        if not self._window:  # the first frame is repeated before the start
            for _ in range(self.half):
                self._push(probability)
        self._push(probability)
        return self._decide() if len(self._window) == self._window.maxlen else []

    def finish(self, duration: float) -> list[Told]:
        told: list[Told] = []
        if self._window:  # the last frame is repeated past the end
            for _ in range(self.half):
                told += self.feed(self._window[-1])
        return told + (self._end(duration) if self._first is not None else [])

    def _push(self, probability: float) -> None:
        if len(self._window) == self._window.maxlen:
            self._votes -= self._window[0] >= self.threshold
        self._window.append(probability)
        self._votes += probability >= self.threshold

    def _decide(self) -> list[Told]:
        told: list[Told] = []
        active = self._votes > self.half
        if active and self._first is None:
            self._first, self._sum = self._decided, 0.0
            told.append(Onset(self._first * self.frame_seconds, self.label))
        elif not active and self._first is not None:
            told += self._end(np.inf)
        if active:
            self._sum += self._window[self.half]
        self._decided += 1
        return told

    def _end(self, duration: float) -> list[Told]:
        assert self._first is not None
        onset, offset = self._first * self.frame_seconds, min(self._decided * self.frame_seconds, duration)
        confidence = self._sum / (self._decided - self._first)
        self._first = None
        return [Detection(Event(onset, offset, self.label), confidence)]

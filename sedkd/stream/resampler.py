"""From any sampling rate to another while the samples come in, as `sedkd.data.resampling` does it for a whole file."""

import math

import numpy as np

from sedkd.data.audio import MARGIN_SECONDS
from sedkd.data.resampling import ratio, resampled


class StreamResampler:
    """In constant memory, without seams; a sample comes MARGIN_SECONDS late where the rates differ."""

    def __init__(self, old: int, new: int) -> None:
        self.old, self.new = old, new
        self._down, self._up = ratio(old, new)
        self._margin = math.ceil(MARGIN_SECONDS * old)
        self._held = np.zeros(0, np.float32)
        self._begin = 0  # the sample with which `_held` begins: a multiple of `_down`, where both rates have one
        self._told = 0  # samples of the new rate

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """The next mono samples `[n]` float32 to those of the new rate `[m]` that they make known."""
        if self.old == self.new:
            return samples
        self._held = np.concatenate([self._held, samples])
        known = (self._begin + len(self._held) - self._margin) * self._up // self._down
        return self._until(known) if known > self._told else samples[:0]

    def finish(self) -> np.ndarray:
        """The samples `[m]` that waited for the end."""
        if self.old == self.new or not len(self._held):
            return np.zeros(0, np.float32)
        return self._until(-(-(self._begin + len(self._held)) * self._up // self._down))

    def _until(self, stop: int) -> np.ndarray:
        found = resampled(self._held, self.old, self.new)
        skipped = self._begin // self._down * self._up
        samples = found[self._told - skipped : stop - skipped]
        self._told = stop
        first = max(stop * self._down // self._up - self._margin, self._begin) // self._down * self._down
        self._held, self._begin = self._held[first - self._begin :].copy(), first
        return samples

"""Log-mel frames of a stream: PCM in pieces of any size, each frame as soon as its samples are there.

`LogMel` centres a frame on every hop, mirrors the audio at both ends, and has as many frames as there are whole hops.
So frame i comes with sample `(i + 1) * hop`, or half a spectrum after its centre, whichever is later; where half a
spectrum is longer than a hop, the last ones wait for the end of the stream.
"""

import numpy as np

from sedkd.features.settings import FeatureSettings
from sedkd.features.tables import NumpyLogMel

BLOCK_FRAMES = 256  # computed at once, however large a piece is


class StreamFrontend:
    """What `LogMel` in double precision makes of the whole signal, within rounding, in constant memory.

    A signal shorter than one spectrum is padded with zeros, as exports pad it.

    Raises:
        ValueError: settings that no student has.
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self._logmel = NumpyLogMel(settings)
        self.settings, self._half = settings, settings.n_fft // 2
        self._held = np.zeros(0)  # samples that a frame may still need
        self._begun = False  # whether the mirror image of the start is held in front
        self._samples = self._frames = 0

    @property
    def samples(self) -> int:
        """Samples heard so far."""
        return self._samples

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """The frames `[k, n_mels]` float32 that the next samples `[n]` (-1..1, at the settings' rate) complete."""
        if samples.ndim != 1:
            raise ValueError(f"samples must be mono, [n], not of shape {samples.shape}")
        self._samples += len(samples)
        self._held = np.concatenate([self._held, samples.astype(np.float64)])
        if not self._begun and self._samples > self._half:
            self._begin()
        return self._completed()

    def finish(self) -> np.ndarray:
        """The frames `[k, n_mels]` float32 that waited for the end of the stream; feed nothing more after it."""
        self._held = np.concatenate([self._held, np.zeros(max(self.settings.n_fft - self._samples, 0))])
        if not self._begun:
            self._begin()
        self._held = np.concatenate([self._held, self._held[-2 : -self._half - 2 : -1]])
        return self._completed()

    def _begin(self) -> None:
        self._held = np.concatenate([self._held[self._half : 0 : -1], self._held])
        self._begun = True

    def _completed(self) -> np.ndarray:
        """The frames that are complete; the samples that only they needed are let go."""
        n_fft, hop = self.settings.n_fft, self.settings.hop
        inside = (len(self._held) - n_fft) // hop + 1 if self._begun else 0
        count = max(min(inside, self._samples // hop - self._frames), 0)
        frames = np.empty((count, self.settings.n_mels), np.float32)
        if count:
            spans = np.lib.stride_tricks.sliding_window_view(self._held, n_fft)[: count * hop : hop]
            for first in range(0, count, BLOCK_FRAMES):
                block = slice(first, first + BLOCK_FRAMES)
                frames[block] = self._logmel.of_spans(spans[block])
            self._held = self._held[count * hop :].copy()
        self._frames += count
        return frames

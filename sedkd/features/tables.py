"""Log-mel features in numpy, for what runs without torch; students learn on those of `sedkd.features.logmel`.

`student_tables.npz` holds the window and the mel filters that torch and torchaudio make of `STUDENT_FEATURES`:
`np.savez_compressed` of `LogMel(STUDENT_FEATURES)`'s `hann` and `filters`. Students of other bands have the same window
and filters of their own, computed here within rounding. A test compares both.
"""

from functools import cache
from pathlib import Path

import numpy as np

from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings

KEPT = Path(__file__).with_name("student_tables.npz")
OF_WINDOW = ("rate", "n_fft", "window", "filterbank")  # the settings that the window depends on
OF_FILTERS = (*OF_WINDOW, "n_mels", "f_min", "f_max")


def window_of(settings: FeatureSettings) -> np.ndarray:
    """The window in the middle of a spectrum's samples, `[n_fft]` float32, as torch.stft puts it."""
    window = _tables(settings)[0]
    before = (settings.n_fft - len(window)) // 2
    return np.pad(window, (before, settings.n_fft - len(window) - before))


def filters_of(settings: FeatureSettings) -> np.ndarray:
    """The mel filters `[n_fft // 2 + 1, n_mels]` float32."""
    return _tables(settings)[1]


class NumpyLogMel:
    """`LogMel` in double precision, within rounding.

    Raises:
        ValueError: the settings have a pre-emphasis, which students do not use.
    """

    def __init__(self, settings: FeatureSettings) -> None:
        if settings.preemphasis:
            raise ValueError("features with a pre-emphasis are not computed without torch")
        self.settings = settings
        self.window, self.filters = (table.astype(np.float64) for table in (window_of(settings), filters_of(settings)))

    def of_spans(self, spans: np.ndarray) -> np.ndarray:
        """Log-mel `[k, n_mels]` float64 of the spectra's samples `[k, n_fft]`."""
        spectrum = np.fft.rfft(spans * self.window)
        mel = (spectrum.real**2 + spectrum.imag**2) @ self.filters
        return (np.log(mel + self.settings.offset) + self.settings.shift) / self.settings.scale

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Log-mel frames `[frames, n_mels]` float64 of a whole signal `[samples]`, which is mirrored at both ends."""
        half = self.settings.n_fft // 2
        mirrored = np.pad(samples.astype(np.float64), half, mode="reflect")
        spans = np.lib.stride_tricks.sliding_window_view(mirrored, self.settings.n_fft)[:: self.settings.hop]
        return self.of_spans(spans[: len(samples) // self.settings.hop])


@cache
def _tables(settings: FeatureSettings) -> tuple[np.ndarray, np.ndarray]:
    """Window and filters: kept ones, or made by torch for settings of other kinds."""
    if _as_students(settings, OF_WINDOW):
        with np.load(KEPT) as kept:
            return kept["window"], kept["filters"] if _as_students(settings, OF_FILTERS) else _htk_filters(settings)
    from sedkd.features.logmel import LogMel

    made = LogMel(settings)
    return made.hann.numpy(), made.filters.numpy()


def _as_students(settings: FeatureSettings, names: tuple[str, ...]) -> bool:
    return all(getattr(settings, name) == getattr(STUDENT_FEATURES, name) for name in names)


def _htk_filters(settings: FeatureSettings) -> np.ndarray:
    """torchaudio's `melscale_fbanks` of the HTK scale, `[n_fft // 2 + 1, n_mels]` float32."""
    bins = np.linspace(0, settings.rate // 2, settings.n_fft // 2 + 1)
    low, high = (2595 * np.log10(1 + f / 700) for f in (settings.f_min, settings.f_max))
    corners = 700 * (10 ** (np.linspace(low, high, settings.n_mels + 2) / 2595) - 1)
    slopes, widths = corners - bins[:, None], np.diff(corners)
    rising, falling = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)

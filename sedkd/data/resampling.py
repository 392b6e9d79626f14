"""From any sampling rate to another.

The usual rates have a short ratio (44,100 to 16,000 Hz is 441 : 160), for which torchaudio's resampler is quick. Its
work grows with that ratio, without bound for a rate like 47,999 Hz: there scipy's polyphase filter serves.
"""

import math
from functools import lru_cache

import numpy as np

MAX_PERIOD = 1000  # samples of the old rate after which both rates have one at the same instant
HALF_LENGTH, KAISER_BETA = 10, 5.0  # of the filter, as scipy's own default has them


def ratio(old: int, new: int) -> tuple[int, int]:
    """The two rates without their common factor."""
    common = math.gcd(old, new)
    return old // common, new // common


def resampled(samples: np.ndarray, old: int, new: int) -> np.ndarray:
    """Mono float32 `[samples]` at another rate; the first sample stays where it is."""
    if old == new:
        return samples
    down, up = ratio(old, new)
    if max(down, up) > MAX_PERIOD:
        from scipy.signal import resample_poly

        return resample_poly(samples, up, down, window=_filter(up, down)).astype(np.float32)
    import torch
    import torchaudio.functional

    return torchaudio.functional.resample(torch.from_numpy(samples), old, new).numpy()


@lru_cache(maxsize=4)
def _filter(up: int, down: int) -> np.ndarray:
    """Low pass at the lower of the two Nyquist frequencies; scipy would design it anew for every block."""
    from scipy.signal import firwin

    widest = max(up, down)
    return firwin(2 * HALF_LENGTH * widest + 1, 1.0 / widest, window=("kaiser", KAISER_BETA)).astype(np.float32)

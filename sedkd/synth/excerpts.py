"""Audio out of isolated recordings: the active parts as events, chained excerpts as a background bed."""

from collections.abc import Sequence
from functools import lru_cache
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from sedkd.data.audio import read_part
from sedkd.data.inspection import audio_info
from sedkd.errors import UserError
from sedkd.synth.activity import active_regions

MAX_SECONDS = 30.0  # what is taken of a recording of an event, to bound memory
_CROSSFADE_SECONDS = 0.25


def read_excerpt(path: Path, rate: int, start: float, seconds: float) -> np.ndarray:
    """Up to `seconds` from `start` as mono float32 [n] at `rate`; resampled by scipy, the same on any machine."""
    sound, own = read_part(path, start, seconds)
    if own == rate:
        return sound
    common = gcd(own, rate)
    return resample_poly(sound, rate // common, own // common).astype(np.float32)


@lru_cache(maxsize=256)
def active_parts(path: Path, rate: int) -> tuple[np.ndarray, ...]:
    """The active regions of a recording's first MAX_SECONDS in which there are any. UserError names a recording of
    silence."""
    for start in np.arange(0.0, duration_of(path), MAX_SECONDS):
        sound = read_excerpt(path, rate, float(start), MAX_SECONDS)
        if parts := tuple(sound[begin:end] for begin, end in active_regions(sound, rate)):
            return parts
    raise UserError(f"{path}: holds nothing but silence: remove it, or record it again")


def bed(paths: Sequence[Path], rng: np.random.Generator, rate: int, seconds: float) -> np.ndarray:
    """A bed of `seconds`, float32 [n]: excerpts of random recordings at equal level, crossfaded, silence left out."""
    count, fade = round(seconds * rate), int(_CROSSFADE_SECONDS * rate)
    up = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
    sound = np.zeros(count + fade, dtype=np.float32)
    filled = 0
    while filled < count:
        piece = _steady_piece(paths[int(rng.integers(len(paths)))], rng, rate, seconds + _CROSSFADE_SECONDS)
        piece = piece / np.sqrt(np.mean(piece**2))
        if len(piece) <= 2 * fade:
            piece = np.tile(piece, 2 * fade // len(piece) + 1)
        piece[:fade] *= up
        piece[-fade:] *= up[::-1]
        piece = piece[: len(sound) - filled]
        sound[filled : filled + len(piece)] += piece
        filled += len(piece) - fade
    return sound[fade // 2 : fade // 2 + count]


def _steady_piece(path: Path, rng: np.random.Generator, rate: int, seconds: float) -> np.ndarray:
    """The longest active part of a recording, or of `seconds` at a random place in a long one."""
    duration = duration_of(path)
    if duration <= MAX_SECONDS:
        return max(active_parts(path, rate), key=len)[: round(seconds * rate)]
    start = rng.uniform(0, max(0.0, duration - seconds))
    excerpt = read_excerpt(path, rate, start, seconds)
    regions = active_regions(excerpt, rate)
    if not regions:
        raise UserError(f"{path}: silent from {start:.1f} s on, which is no background: cut it, or remove the file")
    first, last = max(regions, key=lambda region: region[1] - region[0])
    return excerpt[first:last]


@lru_cache(maxsize=4096)
def duration_of(path: Path) -> float:
    """In seconds."""
    return audio_info(path).duration

"""The few building blocks all procedural sounds are made of, each vectorised.

Noise is made in one pass per sound: frames of random spectrum, scaled per frame and band, overlap-added.
Whatever fluctuates (gusts, traffic, rustling) is then only a matrix of decibels.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import fft
from scipy.signal import lfilter

Rng = np.random.Generator
BANDS = 24  # log-spaced from 50 Hz to half the sampling rate


@lru_cache(maxsize=16)
def band_centres(rate: int) -> np.ndarray:
    """Centres of the bands, Hz, float [BANDS]."""
    return np.geomspace(50.0, rate / 2, BANDS)


@lru_cache(maxsize=16)
def _bands_to_bins(rate: int, bins: int) -> np.ndarray:
    """Linear interpolation over log frequency as a matrix, float32 [BANDS, bins]."""
    position = np.log(np.maximum(np.linspace(0, rate / 2, bins), 50.0))
    centres = np.log(band_centres(rate))
    return np.stack([np.interp(position, centres, row) for row in np.eye(BANDS)]).astype(np.float32)


@lru_cache(maxsize=16)
def _window(hop: int) -> np.ndarray:
    return np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)


def curve(rate: int, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """A spectrum given by (Hz, dB) corner points, interpolated over log frequency, dB [BANDS]."""
    hertz, level = zip(*points, strict=True)
    return np.interp(np.log(band_centres(rate)), np.log(hertz), level)


def textured(rng: Rng, level: np.ndarray, rate: int, hop: int) -> np.ndarray:
    """Noise with a level in dB per frame and band: [frames, BANDS] -> float32 [frames * hop]."""
    frames, bins = len(level), hop + 1
    gain = (10.0 ** (np.asarray(level, dtype=np.float32) / 20)) @ _bands_to_bins(rate, bins)
    # Uniform parts are as good as Gaussian ones, since hundreds of bins add up in every sample, and cost half.
    spectrum = rng.random((frames, 2 * bins), dtype=np.float32)
    spectrum -= 0.5
    pieces = fft.irfft(spectrum.view(np.complex64) * gain, axis=-1, overwrite_x=True)
    pieces *= _window(hop)
    sound = np.zeros((frames + 1, hop), dtype=np.float32)
    sound[:-1] += pieces[:, :hop]
    sound[1:] += pieces[:, hop:]
    return sound[:-1].ravel()


def wander(rng: Rng, count: int, step: float, hertz: float, deviation: float) -> np.ndarray:
    """A slow random curve, [count] values `step` seconds apart, knots at `hertz`, standard deviation as given."""
    span = count * step * hertz
    knots = rng.standard_normal(int(span) + 3) * deviation
    return np.interp(np.arange(count) * step * hertz + rng.random(), np.arange(len(knots)), knots)


def ramp(count: int, step: float, rise: float, fall: float) -> np.ndarray:
    """An envelope in dB, [count] values `step` seconds apart: up from -30 dB in `rise`, down in `fall` seconds."""
    time = (np.arange(count) + 0.5) * step
    return -30 * (np.clip(1 - time / rise, 0, 1) + np.clip(1 - (count * step - time) / fall, 0, 1))


def passage(count: int, centre: float, width: float) -> np.ndarray:
    """The level of a source that moves past, 1/r in amplitude, dB [count]; `centre`, `width` in parts of it."""
    away = (np.arange(count) / count - centre) / width
    return -10 * np.log10(1 + away**2)


def periodic(frequency: np.ndarray, amplitudes: np.ndarray, rate: int, phase: float = 0.0) -> np.ndarray:
    """A harmonic tone: frequency in Hz per sample [n], amplitudes of harmonics 1.. -> float32 [n].

    One period is tabulated and read by phase; harmonics above half the rate are left out.
    """
    usable = max(1, min(len(amplitudes), int(rate / 2 / max(float(frequency.max()), 1.0))))
    spectrum = np.zeros(1025, dtype=np.complex64)
    order = np.arange(usable)
    spectrum[1 : usable + 1] = amplitudes[:usable] * np.exp(2j * np.pi * phase * order**2)
    table = (fft.irfft(spectrum) * 1024).astype(np.float32)
    position = np.cumsum(frequency * (2048 / rate))
    position += 2048 * phase
    return table[position.astype(np.int32) & 2047]


def resonate(sound: np.ndarray, hertz: float, width: float, rate: int) -> np.ndarray:
    """A two-pole resonance of unit peak gain at `hertz`, `width` Hz wide; [n] -> float32 [n]."""
    radius = np.exp(-np.pi * width / rate)
    angle = 2 * np.pi * min(hertz, 0.49 * rate) / rate
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius**2)
    taps = np.array([1, -2 * radius * np.cos(angle), radius**2], dtype=np.float32)
    return lfilter(np.array([gain], dtype=np.float32), taps, sound)


def modes(rng: Rng, hertz: np.ndarray, seconds: np.ndarray, rate: int) -> np.ndarray:
    """Damped sinusoids of a struck body, float32 [modes, n]; `seconds` is the time to fall by 60 dB."""
    length = max(8, int(rate * float(seconds.max())))
    time = np.arange(length, dtype=np.float32) / rate
    kept = np.minimum(hertz, 0.47 * rate).astype(np.float32)[:, None]
    decay = (-6.908 / seconds).astype(np.float32)[:, None]
    start = rng.random((len(hertz), 1), dtype=np.float32) * 6.283
    return np.exp(decay * time) * np.sin(6.283185 * kept * time + start)


def place(length: int, grains: Sequence[np.ndarray], starts: Sequence[int]) -> np.ndarray:
    """Add grains [k] at sample positions into silence, float32 [length]; what sticks out is dropped."""
    sound = np.zeros(length, dtype=np.float32)
    for grain, start in zip(grains, starts, strict=True):
        end = min(length, start + len(grain))
        if start < end:
            sound[start:end] += grain[: end - start]
    return sound


def click(rng: Rng, seconds: float, rate: int, tone: float) -> np.ndarray:
    """A burst of noise that falls by 60 dB in `seconds`, coloured around `tone` Hz, float32 [n], peak 1."""
    length = max(16, int(seconds * rate))
    noise = rng.standard_normal(length, dtype=np.float32)
    noise *= np.exp(-6.908 * np.arange(length, dtype=np.float32) / length)
    sound = resonate(noise, tone, 0.9 * tone, rate)
    return sound / (np.abs(sound).max() + 1e-9)


def level(sound: np.ndarray) -> np.ndarray:
    """Scaled to peak 1, float32 [n]; silence stays silence."""
    return (sound / max(float(np.abs(sound).max(initial=0.0)), 1e-9)).astype(np.float32)

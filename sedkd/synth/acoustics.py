"""How a place answers: a random impulse response with the decay, the distance and the colour of the place."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

Range = tuple[float, float]


@dataclass(frozen=True)
class Room:
    """Ranges from which the response at a position is drawn; outdoors decay is short and direct sound strong."""

    decay_seconds: Range  # for the reverberation to fall by 60 dB
    direct_db: Range  # direct over reverberant energy
    tilt_db: Range  # per octave around 1 kHz, of the whole

    def __post_init__(self) -> None:
        if not 0 < self.decay_seconds[0] <= self.decay_seconds[1] <= 5:
            raise ValueError(f"decay_seconds {self.decay_seconds} must rise within 0..5")


def impulse_response(room: Room, rng: np.random.Generator, rate: int) -> np.ndarray:
    """One position's response, float32 [n], of about unit energy: a direct pulse and a decaying noise tail."""
    decay = rng.uniform(*room.decay_seconds)
    length = max(64, int(0.7 * decay * rate))
    time = np.arange(length, dtype=np.float32) / rate
    tail = rng.standard_normal(length, dtype=np.float32) * np.exp(np.float32(-6.908 / decay) * time)
    tail[: int(0.002 * rate)] = 0
    tail *= np.float32(1 / max(float(np.sqrt(np.sum(tail**2))), 1e-9))
    ratio = 10 ** (rng.uniform(*room.direct_db) / 20)
    tail[0] = ratio
    return _tilted(tail / np.float32(np.sqrt(1 + ratio**2)), rng.uniform(*room.tilt_db), rate)


def reverberate(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Convolution by FFT: float32 [n], [m] -> float32 [n + m - 1]."""
    length = len(sound) + len(response) - 1
    size = fft.next_fast_len(length, real=True)
    return fft.irfft(fft.rfft(sound, size) * fft.rfft(response, size), size)[:length]


def _tilted(response: np.ndarray, slope: float, rate: int) -> np.ndarray:
    """The response with `slope` dB per octave around 1 kHz, bounded below 100 Hz; causal enough for its length."""
    size = fft.next_fast_len(len(response) + 256, real=True)
    octaves = np.log2(np.maximum(fft.rfftfreq(size, 1 / rate), 100.0) / 1000)
    spectrum = fft.rfft(response, size) * (10 ** (slope * octaves / 20)).astype(np.float32)
    return fft.irfft(spectrum, size)[: len(response)]

"""Voices by source and filter: a glottal tone with a melody, vowel resonances per syllable, bursts for consonants.

Adults, two adults in turn, children and shouting children differ in pitch, tract and rhythm, and overlap in all.
"""

from dataclasses import dataclass

import numpy as np

from sedkd.synth.dsp import Rng, curve, level, periodic, place, ramp, resonate, textured, wander

# The first three resonances of an adult's vowels in Hz (after Peterson and Barney, 1952, rounded).
VOWELS = (
    (270, 2290, 3010),
    (390, 1990, 2550),
    (530, 1840, 2480),
    (660, 1720, 2410),
    (730, 1090, 2440),
    (570, 840, 2410),
    (440, 1020, 2240),
    (300, 870, 2240),
    (640, 1190, 2390),
    (490, 1350, 1690),
)


@dataclass(frozen=True)
class Speaker:
    """Ranges from which one kind of voice is drawn."""

    pitch: tuple[float, float]  # Hz
    tract: tuple[float, float]  # factor on the resonances
    syllable: tuple[float, float]  # seconds
    pause: float  # probability of a pause after a syllable
    melody: float  # relative deviation of pitch
    consonants: float  # gain of the bursts between vowels
    slope: tuple[float, float]  # dB per octave of the glottal tone


ADULT = Speaker((85, 240), (0.92, 1.18), (0.10, 0.24), 0.15, 0.10, 0.5, (7, 12))
CHILD = Speaker((210, 380), (1.12, 1.4), (0.12, 0.32), 0.15, 0.15, 0.4, (6, 10))
SHOUTING = Speaker((280, 620), (1.1, 1.4), (0.2, 0.6), 0.25, 0.22, 0.2, (3, 7))


def _voice(kind: Speaker, seconds: float, source: Rng, take: Rng, rate: int) -> np.ndarray:
    pitch, tract = source.uniform(*kind.pitch), source.uniform(*kind.tract)
    slope, breath = source.uniform(*kind.slope), source.uniform(0.02, 0.15)
    pace, hiss_hz = source.uniform(0.85, 1.2), source.uniform(2800, 6000)

    count = int(seconds * rate)
    blocks = count // 64 + 1
    track = pitch * np.exp(wander(take, blocks, 64 / rate, 3, kind.melody) - 0.1 * np.linspace(-1, 1, blocks))
    amplitudes = np.arange(1.0, 41.0) ** (-slope / 6.02)
    glottal = level(periodic(np.repeat(track, 64)[:count], amplitudes, rate, 0.3))
    glottal += np.float32(breath) * take.standard_normal(count, dtype=np.float32)

    grains, starts, at = [], [], 0
    while at < count - 400:
        length = int(take.uniform(*kind.syllable) * pace * rate)
        grains.append(_syllable(glottal[at : at + length], tract, take, rate))
        starts.append(at)
        if take.random() < 0.6:
            burst = _consonant(kind.consonants * take.random(), hiss_hz, take, rate)
            grains.append(burst)
            starts.append(max(0, at - len(burst) // 2))
        at += int(length * 0.9) + (int(take.uniform(0.06, 0.3) * rate) if take.random() < kind.pause else 0)
    return place(count, grains, starts)


def _syllable(piece: np.ndarray, tract: float, take: Rng, rate: int) -> np.ndarray:
    first, second, third = (tract * hertz for hertz in VOWELS[take.integers(len(VOWELS))])
    sound = resonate(piece, first, 80, rate) + 0.5 * resonate(piece, second, 110, rate)
    sound += 0.25 * resonate(piece, third, 170, rate)
    rise = np.hanning(len(sound)).astype(np.float32) ** np.float32(0.3)
    return sound * rise * np.float32(take.uniform(0.4, 1) / (np.abs(sound).max() + 1e-6))


def _consonant(gain: float, hertz: float, take: Rng, rate: int) -> np.ndarray:
    length = int(take.uniform(0.02, 0.1) * rate)
    hiss = resonate(take.standard_normal(length, dtype=np.float32), hertz, 0.5 * hertz, rate)
    return np.float32(gain * 0.5) * level(hiss) * np.hanning(length).astype(np.float32)


def people_speaking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _voice(ADULT, take.uniform(0.8, 3.0), source, take, rate)


def people_talking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Two adults, the second setting in while the first speaks or after."""
    first = _voice(ADULT, take.uniform(0.6, 1.8), source, take, rate)
    second = _voice(ADULT, take.uniform(0.6, 1.8), source, take, rate) * np.float32(source.uniform(0.4, 1))
    start = int(len(first) * take.uniform(0.4, 1.0))
    return place(start + len(second), [first, second], [0, start])


def children(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """One to three children at once."""
    voices = [_voice(CHILD, take.uniform(0.7, 2.2), source, take, rate) for _ in range(source.integers(1, 4))]
    starts = [int(take.random() * 0.8 * rate) * (number > 0) for number in range(len(voices))]
    return place(max(start + len(voice) for start, voice in zip(starts, voices, strict=True)), voices, starts)


def children_shouting(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _voice(SHOUTING, take.uniform(0.6, 2.4), source, take, rate)


def breathing(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Breaths in and out: soft noise in one or two wide resonances."""
    low, high = source.uniform(300, 900), source.uniform(1200, 3500)
    colour = curve(rate, [(100, -25), (low, 0), (1.5 * low, -8), (high, source.uniform(-8, 2)), (7500, -25)])
    half = source.uniform(0.4, 0.9)
    parts = []
    for turn in range(take.integers(1, 4)):
        frames = int(half * take.uniform(0.85, 1.2) * rate / 128)
        swell = 20 * np.log10(np.sin(np.pi * (np.arange(frames) + 0.5) / frames) ** 0.7 + 0.01)
        inward = (turn % 2) * source.uniform(2, 8) * np.linspace(-1, 1, len(colour))
        parts.append(textured(take, swell[:, None] + colour + inward, rate, 128))
        parts.append(np.zeros(int(take.uniform(0.03, 0.2) * rate), dtype=np.float32))
    return np.concatenate(parts[:-1])


def dog_bark(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor like a child's shout: short, falling, rough tones."""
    pitch, harsh = source.uniform(250, 700), source.uniform(0.1, 0.6)
    grains, starts, at = [], [], 0
    for _ in range(take.integers(1, 5)):
        length = int(take.uniform(0.1, 0.22) * rate)
        fall = pitch * np.exp(0.25 * np.sin(np.linspace(0.3, np.pi, length)))
        tone = level(periodic(fall, np.arange(1.0, 25.0) ** -0.8, rate, 0.2))
        tone += np.float32(harsh) * take.standard_normal(length, dtype=np.float32)
        tone = resonate(tone, source.uniform(700, 1500), 500, rate) * np.hanning(length).astype(np.float32) ** 0.5
        grains.append(tone)
        starts.append(at)
        at += length + int(take.uniform(0.08, 0.4) * rate)
    return place(at, grains, starts)


def bird_singing(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A phrase of whistled notes, each a glide or a trill, repeated with variations."""
    centre, spread = source.uniform(2200, 5200), source.uniform(0.05, 0.25)
    notes = source.uniform(-1, 1, (source.integers(2, 5), 2)) * spread
    trill, depth = source.uniform(12, 45), source.choice([0, 0.04, 0.1])
    length_s, gap_s = source.uniform(0.05, 0.25), source.uniform(0.02, 0.15)
    grains, starts, at = [], [], 0
    for number in range(take.integers(3, 12)):
        begin, end = notes[number % len(notes)] + take.normal(0, 0.01, 2)
        length = int(length_s * take.uniform(0.8, 1.25) * rate)
        time = np.arange(length) / rate
        track = centre * np.exp(np.linspace(begin, end, length)) * (1 + depth * np.sin(2 * np.pi * trill * time))
        tone = periodic(np.minimum(track, 0.47 * rate), np.array([1, 0.1]), rate)
        grains.append(tone * np.hanning(length).astype(np.float32) * np.float32(take.uniform(0.4, 1)))
        starts.append(at)
        at += length + int(gap_s * take.uniform(0.7, 1.5) * rate)
    return place(at, grains, starts)


def radio_speech(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: a voice through a small loudspeaker, in static. It is not somebody speaking."""
    voice = level(_voice(ADULT, take.uniform(1.0, 3.0), source, take, rate))
    narrow = resonate(voice, source.uniform(900, 1800), 900, rate)
    frames = len(narrow) // 256 + 1
    colour = curve(rate, [(500, -20), (3000, 0)])
    static = textured(take, ramp(frames, 256 / rate, 0.05, 0.05)[:, None] + colour, rate, 256)
    return level(narrow) + np.float32(source.uniform(0.05, 0.3)) * level(static)[: len(narrow)]

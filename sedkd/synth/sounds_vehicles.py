"""Vehicles and what resembles them: noise of tyres and air, the hum of an engine, squealing brakes.

In all `sounds_*` files a generator takes (source, take, rate): `source` fixes the timbre and so the individual;
`take` decides what differs from one recording of it to the next. It returns mono float32 [n] of any level:
`sounds.render` sets the peak.
"""

from dataclasses import dataclass

import numpy as np

from sedkd.synth.dsp import Rng, band_centres, curve, level, passage, periodic, ramp, resonate, textured, wander

_HOP = 256


@dataclass(frozen=True)
class Vehicle:
    """Ranges from which one kind of vehicle is drawn."""

    seconds: tuple[float, float]
    engine_hz: tuple[float, float]  # ignition frequency
    engine_gain: tuple[float, float]
    tyre_hz: tuple[float, float]  # where tyre noise peaks
    slope: tuple[float, float]  # dB per octave above it
    width: tuple[float, float]  # of the passage, in parts of the duration


CAR = Vehicle((2.0, 5.0), (45, 110), (0.1, 0.6), (500, 1200), (5, 10), (0.12, 0.4))
PASSING = Vehicle((1.8, 4.0), (50, 120), (0.05, 0.4), (600, 1500), (4, 9), (0.06, 0.2))
LARGE = Vehicle((3.0, 6.0), (28, 70), (0.4, 1.2), (250, 800), (6, 11), (0.2, 0.5))


def _vehicle(kind: Vehicle, source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Noise and engine that come nearer and go; the high end suffers most from distance."""
    tyre, slope = source.uniform(*kind.tyre_hz), source.uniform(*kind.slope)
    engine, engine_gain = source.uniform(*kind.engine_hz), source.uniform(*kind.engine_gain)
    harmonics = source.random(14) ** 2 / np.arange(1, 15) ** source.uniform(0.2, 1.0)
    rough = source.uniform(0.5, 3.0)

    frames, step = int(take.uniform(*kind.seconds) * rate / _HOP), _HOP / rate
    near = passage(frames, take.uniform(0.3, 0.7), take.uniform(*kind.width))
    octaves = np.log2(band_centres(rate) / tyre)
    above = np.maximum(octaves, 0)
    colour = -slope * above + 3 * np.minimum(octaves, 0)
    shape = near + ramp(frames, step, 0.3, 0.4) + wander(take, frames, step, 6, rough)
    noise = level(textured(take, shape[:, None] + colour + 0.25 * near[:, None] * above, rate, _HOP))

    speed = engine * (1 + 0.06 * np.linspace(1, -1, frames) + wander(take, frames, step, 1.0, 0.03))
    drone = periodic(np.repeat(speed, _HOP), harmonics, rate, source.random())
    drone *= np.repeat(10 ** ((near + ramp(frames, step, 0.4, 0.4)) / 20), _HOP).astype(np.float32)
    return noise + np.float32(engine_gain) * level(drone)


def car(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _vehicle(CAR, source, take, rate)


def car_passing_by(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _vehicle(PASSING, source, take, rate)


def large_vehicle(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A bus or lorry: darker, longer, with more engine, at times a hiss of air brakes."""
    sound = level(_vehicle(LARGE, source, take, rate))
    if source.random() < 0.4:
        frames, step = int(take.uniform(0.3, 0.8) * rate / _HOP), _HOP / rate
        hiss = ramp(frames, step, 0.05, 0.4)[:, None] + curve(rate, [(300, -30), (2500, 0), (7000, -6)])
        burst = level(textured(take, hiss, rate, _HOP))
        start = int(take.random() * (len(sound) - len(burst)))
        sound[start : start + len(burst)] += 0.5 * burst
    return sound


def engine_idle(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: a standing vehicle, all engine and no passage."""
    frames, step = int(take.uniform(2, 6) * rate / _HOP), _HOP / rate
    speed = source.uniform(22, 60) * (1 + wander(take, frames, step, 2, 0.02))
    tone = periodic(np.repeat(speed, _HOP), source.random(30) / np.arange(1, 31) ** 0.6, rate, source.random())
    colour = curve(rate, [(60, 0), (source.uniform(200, 900), 0), (4000, -40)])
    noise = textured(take, ramp(frames, step, 0.5, 0.5)[:, None] + colour, rate, _HOP)
    fade = np.repeat(10 ** (ramp(frames, step, 0.5, 0.5) / 20), _HOP).astype(np.float32)
    return level(tone * fade) + np.float32(source.uniform(0.2, 0.8)) * level(noise)


def siren(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: two notes or a sweep, slow enough to be taken for squealing brakes in part."""
    count = int(take.uniform(1.5, 5) * rate)
    turn = np.sin(2 * np.pi * (np.arange(count) / rate * source.uniform(0.3, 3) + take.random()))
    if source.random() < 0.5:
        turn = np.sign(turn)
    pitch = source.uniform(500, 1400) * (1 + source.uniform(0.1, 0.4) * turn)
    tone = periodic(pitch, np.array([1, 0.5, 0.3, 0.2]) * source.random(4), rate)
    return tone * (10 ** (ramp(count, 1 / rate, 0.6, 0.8) / 20)).astype(np.float32)


def _squeal(
    source: Rng, take: Rng, rate: int, seconds: tuple[float, float], hertz: tuple[float, float], glide: float
) -> np.ndarray:
    """Stick and slip: a wavering tone with a few harmonics and breathy edges."""
    pitch = np.exp(source.uniform(np.log(hertz[0]), np.log(hertz[1])))
    harmonics = np.array([1, source.uniform(0.1, 0.9), source.uniform(0, 0.5), source.uniform(0, 0.3)])
    rough = source.uniform(0.002, 0.02)
    frames, step = int(take.uniform(*seconds) * rate / 128), 128 / rate
    bend = 1 + glide * take.uniform(-1, 1) * np.linspace(-1, 1, frames)
    track = pitch * bend * (1 + wander(take, frames, step, 30, rough) + wander(take, frames, step, 4, 2 * rough))
    tone = periodic(np.repeat(np.clip(track, 100, 0.48 * rate), 128), harmonics, rate)
    loud = ramp(frames, step, 0.08, 0.15) + wander(take, frames, step, 20, 3)
    tone *= np.repeat(10 ** (loud / 20), 128).astype(np.float32)
    breath = resonate(take.standard_normal(len(tone), dtype=np.float32), pitch, 0.4 * pitch, rate)
    breath *= np.repeat(10 ** (loud / 20), 128).astype(np.float32)
    return level(tone) + np.float32(source.uniform(0.05, 0.4)) * level(breath)


def brakes_squeaking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _squeal(source, take, rate, (0.6, 2.5), (1100, 4200), 0.05)


def object_squeaking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A chair or a hinge: shorter, lower, with a glide, at times in two parts."""
    first = level(_squeal(source, take, rate, (0.2, 0.9), (500, 2800), 0.25))
    if take.random() < 0.5:
        return first
    gap = np.zeros(int(take.uniform(0.03, 0.15) * rate), dtype=np.float32)
    return np.concatenate([first, gap, first[:: take.choice([-1, 1])] * np.float32(take.uniform(0.4, 1))])

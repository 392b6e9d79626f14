"""Noises with a pattern in time: water, wind, fans, rustling, steps, and the small ticks of a desk."""

import numpy as np

from sedkd.synth.dsp import Rng, click, curve, level, modes, periodic, place, ramp, textured, wander
from sedkd.synth.sounds_struck import cutlery, dishes

Range = tuple[float, float]


def _stream(source: Rng, take: Rng, rate: int, seconds: Range, flutter: Range) -> np.ndarray:
    """Running water: bright noise with a body resonance and a flutter of `flutter` dB."""
    peak = source.uniform(1200, 4500)
    corners = [(80, -22), (peak / 3, source.uniform(-14, -4)), (peak, 0), (7500, source.uniform(-14, -3))]
    frames, step = int(take.uniform(*seconds) * rate / 256), 256 / rate
    flow = ramp(frames, step, 0.15, 0.2) + wander(take, frames, step, 10, source.uniform(*flutter))
    return level(textured(take, flow[:, None] + curve(rate, corners), rate, 256))


def water_tap_running(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _stream(source, take, rate, (3, 7), (0.5, 2))


def washing_dishes(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Water that splashes, with dishes and cutlery in it."""
    water = _stream(source, take, rate, (3, 7), (1.5, 4)) * np.float32(source.uniform(0.5, 1))
    kind = source.choice([0, 1])
    clinks = [level((dishes, cutlery)[kind](source, take, rate)) for _ in range(take.integers(2, 5))]
    gains = take.uniform(0.2, 0.9, len(clinks)).astype(np.float32)
    starts = take.integers(0, max(1, len(water) - rate // 2), len(clinks)).tolist()
    return water + place(len(water), [gain * clink for gain, clink in zip(gains, clinks, strict=True)], starts)


def fan(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Steady air with the tone of the blades."""
    frames, step = int(take.uniform(3, 8) * rate / 256), 256 / rate
    knee = source.uniform(300, 2500)
    colour = curve(rate, [(60, -4), (knee, 0), (3 * knee, -9), (8000, source.uniform(-35, -20))])
    swell = ramp(frames, step, source.uniform(0.2, 0.8), 0.4)
    air = level(textured(take, swell[:, None] + colour, rate, 256))
    pitch = np.full(frames * 256, source.uniform(60, 240) * take.uniform(0.98, 1.02))
    tone = periodic(pitch, source.random(8) / np.arange(1, 9), rate, source.random())
    tone *= np.repeat(10 ** (swell / 20), 256).astype(np.float32)
    return air + np.float32(source.uniform(0.05, 0.4)) * level(tone)


def wind_blowing(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Gusts: low noise whose upper edge rises with the strength."""
    frames, step = int(take.uniform(2, 6) * rate / 256), 256 / rate
    knee, slope = source.uniform(150, 700), source.uniform(6, 12)
    gust = wander(take, frames, step, source.uniform(0.6, 1.6), source.uniform(3, 6))
    gust += ramp(frames, step, 0.5, 0.6)
    octaves = np.maximum(np.log2(np.geomspace(50, rate / 2, 24) / knee), 0)
    return textured(take, gust[:, None] - slope * octaves + 0.5 * gust[:, None] * octaves / 3, rate, 256)


def object_rustling(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Paper, bags, clothes: bright noise in quick, irregular strokes."""
    peak = source.uniform(1500, 6000)
    colour = curve(rate, [(100, -30), (peak / 2, -6), (peak, 0), (8000, source.uniform(-12, -2))])
    frames, step = int(take.uniform(0.6, 3) * rate / 128), 128 / rate
    strokes = wander(take, frames, step, source.uniform(3, 9), source.uniform(4, 8))
    crackle = np.abs(take.standard_normal(frames)) * source.uniform(1, 5)
    shape = ramp(frames, step, 0.1, 0.2) + np.minimum(strokes, 6) + crackle
    return textured(take, shape[:, None] + colour, rate, 128)


def people_walking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Steps: a heel, a toe, and the ring of the floor."""
    period, sole = 1 / source.uniform(1.5, 2.4), source.uniform(0.03, 0.09)
    tone, grit, lag = source.uniform(250, 2800), source.uniform(0.1, 0.8), source.uniform(0.06, 0.14)
    floor = modes(source, source.uniform(70, 400, 3), source.uniform(0.04, 0.12, 3), rate)
    grains: list[np.ndarray] = []
    starts: list[int] = []
    for number in range(take.integers(3, 11)):
        at = int((number * period + abs(take.normal(0, 0.02))) * rate)
        weight = np.float32(take.uniform(0.6, 1) * (1 if number % 2 else source.uniform(0.6, 1)))
        thump = level(take.uniform(0.3, 1, 3).astype(np.float32) @ floor)
        heel = click(take, sole * take.uniform(0.8, 1.2), rate, tone)
        toe = np.float32(grit) * click(take, 1.4 * sole, rate, 1.8 * tone)
        grains += [weight * heel, weight * toe, 0.5 * weight * thump]
        starts += [at, at + int(lag * rate), at]
    return place(starts[-1] + int(0.3 * rate), grains, starts)


def _ticks(
    source: Rng, take: Rng, rate: int, times: np.ndarray, hertz: Range, length: Range, release: float
) -> np.ndarray:
    """Small clicks at `times` (s), each followed by its release after about `release` s."""
    tone, short = source.uniform(*hertz), source.uniform(*length)
    shell = modes(source, source.uniform(hertz[0], hertz[1], 4), source.uniform(0.01, 0.04, 4), rate)
    upward = source.uniform(0.2, 0.7)
    grains: list[np.ndarray] = []
    starts: list[int] = []
    for time in times:
        down = click(take, short, rate, tone * take.uniform(0.85, 1.15))
        ring = level(take.uniform(0.2, 1, 4).astype(np.float32) @ shell)
        gain = np.float32(take.uniform(0.4, 1))
        up = click(take, short, rate, 1.3 * tone)
        grains += [gain * down, 0.5 * gain * ring, np.float32(upward) * gain * up]
        at = int(time * rate)
        starts += [at, at, at + int(release * take.uniform(0.8, 1.3) * rate)]
    return place(starts[-1] + int(0.06 * rate), grains, starts)


def keyboard_typing(source: Rng, take: Rng, rate: int) -> np.ndarray:
    times = np.cumsum(take.gamma(3, source.uniform(0.09, 0.2) / 3, take.integers(6, 28)))
    return _ticks(source, take, rate, times - times[0], (1200, 5500), (0.008, 0.025), 0.07)


def mouse_clicking(source: Rng, take: Rng, rate: int) -> np.ndarray:
    times = np.cumsum(np.r_[0, take.uniform(0.12, 0.5, take.integers(0, 4))])
    return _ticks(source, take, rate, times, (1800, 6000), (0.006, 0.02), source.uniform(0.07, 0.13))


def mouse_wheeling(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """Bursts of quick ticks, one per notch of the wheel."""
    period = 1 / source.uniform(14, 40)
    strokes = [np.arange(take.integers(5, 16)) * period + 0.6 * number for number in range(take.integers(1, 4))]
    times = np.concatenate(strokes) + take.uniform(0, 0.15 * period)
    return _ticks(source, take, rate, times, (1500, 5500), (0.005, 0.015), 0.5 * period)


def radio_static(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor between water and rustling: hiss with crackles."""
    frames, step = int(take.uniform(1, 4) * rate / 128), 128 / rate
    colour = curve(rate, [(200, -20), (source.uniform(1000, 4000), 0), (8000, source.uniform(-15, 0))])
    crackle = 18 * (take.random(frames) < source.uniform(0.005, 0.06))
    return textured(take, (ramp(frames, step, 0.05, 0.05) + crackle)[:, None] + colour, rate, 128)

"""Struck things: cutlery, dishes, glass, furniture. A body is a set of modes; each blow weighs them anew."""

from dataclasses import dataclass

import numpy as np

from sedkd.synth.dsp import Rng, click, curve, level, modes, periodic, place, ramp, textured, wander

Range = tuple[float, float]


@dataclass(frozen=True)
class Body:
    """Ranges from which one kind of struck thing is drawn."""

    hertz: Range  # of the modes
    ring: Range  # seconds for a mode to fall by 60 dB
    count: tuple[int, int]  # blows
    gap: Range  # seconds between blows
    noise: float  # level of the contact's own burst relative to the modes


CUTLERY = Body((1800, 7000), (0.05, 0.25), (2, 6), (0.05, 0.25), 0.5)
DISHES = Body((700, 5000), (0.06, 0.3), (1, 5), (0.07, 0.3), 0.6)
GLASS = Body((1600, 7200), (0.15, 0.6), (2, 8), (0.04, 0.2), 0.3)
SNAP = Body((900, 6500), (0.02, 0.1), (1, 2), (0.03, 0.12), 1.5)
IMPACT = Body((200, 3500), (0.05, 0.25), (1, 2), (0.05, 0.2), 0.9)
BANG = Body((90, 1500), (0.1, 0.45), (1, 4), (0.12, 0.5), 0.7)
DOOR = Body((110, 1100), (0.08, 0.3), (1, 2), (0.08, 0.3), 0.8)
RATTLE = Body((600, 4000), (0.02, 0.1), (1, 5), (0.02, 0.09), 1.0)
STOP = Body((130, 2500), (0.05, 0.2), (1, 3), (0.02, 0.1), 0.9)
BELL = Body((250, 3000), (0.8, 1.6), (1, 3), (0.6, 1.2), 0.1)


def _blows(body: Body, source: Rng, take: Rng, rate: int) -> np.ndarray:
    """One such thing, struck a few times, each blow weighing its modes anew."""
    number = int(source.integers(4, 10))
    pitches = np.exp(source.uniform(np.log(body.hertz[0]), np.log(body.hertz[1]), number))
    rings = modes(source, pitches, source.uniform(*body.ring, number), rate)
    weights = source.random(number) + 0.1
    tone, contact = source.uniform(*body.hertz), source.uniform(0.01, 0.04)
    blows = int(take.integers(body.count[0], body.count[1] + 1))
    times = np.cumsum(np.r_[0, take.uniform(*body.gap, blows - 1)])
    grains = []
    for _ in times:
        hit = level((weights * take.uniform(0.4, 1.6, number)).astype(np.float32) @ rings)
        burst = np.float32(body.noise) * click(take, contact, rate, tone * take.uniform(0.8, 1.2))
        hit[: len(burst)] += burst[: len(hit)]
        grains.append(hit * np.float32(take.uniform(0.35, 1)))
    starts = (times * rate).astype(int).tolist()
    return place(starts[-1] + rings.shape[1], grains, starts)


def cutlery(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(CUTLERY, source, take, rate)


def dishes(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(DISHES, source, take, rate)


def glass_jingling(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(GLASS, source, take, rate)


def object_snapping(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(SNAP, source, take, rate)


def object_impact(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(IMPACT, source, take, rate)


def object_banging(source: Rng, take: Rng, rate: int) -> np.ndarray:
    return _blows(BANG, source, take, rate)


def cupboard(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A door that shuts: a low blow and a rattle."""
    thud = _blows(DOOR, source, take, rate)
    rattle = _blows(RATTLE, source, take, rate)
    start = int(take.uniform(0.0, 0.12) * rate)
    return place(len(thud) + start + len(rattle), [level(thud), 0.35 * level(rattle)], [0, start])


def drawer(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A slide and the thud at its end."""
    frames, step = int(take.uniform(0.25, 0.9) * rate / 128), 128 / rate
    low, high = source.uniform(300, 1500), source.uniform(2500, 6000)
    colour = curve(rate, [(100, -12), (low, 0), (high, -10), (8000, -30)])
    scrape = ramp(frames, step, 0.15, 0.05) + wander(take, frames, step, 25, source.uniform(2, 5))
    slide = level(textured(take, scrape[:, None] + colour, rate, 128)) * np.float32(source.uniform(0.25, 0.8))
    thud = _blows(STOP, source, take, rate)
    return place(len(slide) + len(thud), [slide, level(thud)], [0, len(slide) - 64])


def church_bell(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: long rings, in the range of glass and dishes for a small bell."""
    return _blows(BELL, source, take, rate)


def door_bell(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: two falling tones, much like glass."""
    pitch, ring = source.uniform(500, 1500), source.uniform(0.5, 1.2)
    tones = []
    for ratio in (1.0, source.uniform(0.75, 0.85)):
        count = int(ring * take.uniform(0.9, 1.1) * rate)
        tone = periodic(np.full(count, pitch * ratio), np.array([1, 0.4, 0.3, 0.2]) * source.random(4), rate)
        tones.append(tone * np.exp(-5 * np.arange(count, dtype=np.float32) / count))
    second = int(0.6 * ring * rate)
    return place(second + len(tones[1]), tones, [0, second])


def phone_ring(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: a warbled tone in bursts."""
    on, warble = source.uniform(0.3, 0.8), source.uniform(10, 25)
    low, high = source.uniform(700, 1500), source.uniform(1600, 2800)
    count = int(on * take.uniform(0.95, 1.05) * rate)
    turn = np.sin(2 * np.pi * warble * np.arange(count) / rate) > 0
    tone = periodic(np.where(turn, low, high), np.array([1, 0.3, 0.2]), rate)
    tone *= np.hanning(count).astype(np.float32) ** 0.2
    gap = on + take.uniform(0.25, 0.35)
    starts = [int(number * gap * rate) for number in range(take.integers(1, 4))]
    return place(starts[-1] + count, [tone] * len(starts), starts)


def drips(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: drops in the rhythm of steps."""
    period, pitch = source.uniform(0.3, 0.8), source.uniform(600, 2500)
    count = int(0.08 * rate)
    fade = np.exp(-7 * np.arange(count, dtype=np.float32) / count)
    rise = pitch * np.linspace(1, 1.4, count)
    grains = [periodic(rise * take.uniform(0.8, 1.2), np.array([1.0]), rate) * fade for _ in range(take.integers(3, 9))]
    starts = [int((number * period + take.uniform(0, 0.08)) * rate) for number in range(len(grains))]
    return place(starts[-1] + count, grains, starts)


def chords(source: Rng, take: Rng, rate: int) -> np.ndarray:
    """A distractor: a few chords as from a window or a loudspeaker."""
    root, length = source.uniform(110, 330), source.uniform(0.3, 0.8)
    amplitudes = np.arange(1.0, 9.0) ** -source.uniform(0.8, 2)
    count = int(length * rate)
    fade = np.exp(-2 * np.arange(count, dtype=np.float32) / count) * np.hanning(count).astype(np.float32) ** 0.1
    grains = []
    for _ in range(take.integers(2, 6)):
        base = root * 2 ** (take.choice([0, 2, 5, 7, 9]) / 12)
        notes = [periodic(np.full(count, base * ratio), amplitudes, rate, ratio) for ratio in (1, 1.26, 1.498)]
        grains.append(fade * sum(notes))
    return place(len(grains) * count, grains, [number * count for number in range(len(grains))])

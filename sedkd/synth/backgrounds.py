"""The bed of a scene: layers of coloured, slowly changing noise, and hum. None of it belongs to any class."""

from dataclasses import dataclass

import numpy as np

from sedkd.errors import UserError
from sedkd.synth.dsp import Rng, curve, periodic, textured, wander

_HOP = 512
Range = tuple[float, float]


@dataclass(frozen=True)
class Layer:
    """One noise: its spectrum, its level in the bed, and how it changes."""

    points: tuple[tuple[float, float], ...]  # (Hz, dB)
    level_db: Range
    hertz: float  # speed of change
    deviation_db: float
    by_band: bool = False  # bands change each on their own, as in the murmur of many voices


@dataclass(frozen=True)
class Bed:
    """What a scene's background consists of."""

    layers: tuple[Layer, ...]
    hum_hz: tuple[float, ...] = ()
    hum_db: Range = (-40.0, -30.0)  # relative to the noise


TRAFFIC = ((50.0, 0.0), (200.0, -3.0), (800.0, -10.0), (2000.0, -22.0), (8000.0, -48.0))
AIR = ((50.0, -6.0), (500.0, -12.0), (3000.0, -20.0), (8000.0, -34.0))
MURMUR = ((80.0, -25.0), (250.0, -4.0), (700.0, -3.0), (2000.0, -12.0), (4000.0, -22.0), (8000.0, -40.0))
WIND = ((50.0, 4.0), (150.0, -2.0), (400.0, -16.0), (1500.0, -34.0), (8000.0, -60.0))
VENTILATION = ((50.0, -2.0), (300.0, -4.0), (1000.0, -13.0), (4000.0, -28.0), (8000.0, -40.0))
LEAVES = ((100.0, -50.0), (1000.0, -34.0), (4000.0, -22.0), (8000.0, -26.0))

BEDS = {
    "street": Bed((Layer(TRAFFIC, (-4, 2), 0.4, 3), Layer(AIR, (-6, 0), 0.2, 1), Layer(MURMUR, (-18, -8), 4, 4, True))),
    "home": Bed(
        (Layer(VENTILATION, (-4, 0), 0.1, 0.5), Layer(AIR, (-10, -4), 0.3, 1), Layer(TRAFFIC, (-16, -6), 0.3, 3)),
        (50.0, 100.0),
        (-26.0, -10.0),
    ),
    "residential_area": Bed(
        (Layer(WIND, (-4, 4), 0.8, 4), Layer(TRAFFIC, (-8, 0), 0.3, 2), Layer(LEAVES, (-2, 10), 2, 3, True))
    ),
    "office": Bed(
        (
            Layer(VENTILATION, (-2, 2), 0.1, 0.5),
            Layer(AIR, (-8, -2), 0.1, 1),
            Layer(MURMUR, (-22, -12), 4, 5, True),
        ),
        (100.0, 120.0, 180.0),
        (-24.0, -8.0),
    ),
    "city_center": Bed(
        (Layer(TRAFFIC, (-4, 2), 0.5, 4), Layer(MURMUR, (-6, 2), 4, 4, True), Layer(AIR, (-8, -2), 0.3, 2))
    ),
}


def background(scene: str, rng: Rng, rate: int, seconds: float) -> np.ndarray:
    """The bed of one clip of `scene`, float32 [seconds * rate], RMS 1. UserError for a scene that is not known."""
    if scene not in BEDS:
        raise UserError(f"no background named {scene!r}; known: {', '.join(BEDS)}")
    bed, count = BEDS[scene], round(seconds * rate)
    frames = count // _HOP + 1
    power = sum(10 ** (_levels(layer, rng, frames, rate) / 10) for layer in bed.layers)
    sound = textured(rng, 10 * np.log10(power), rate, _HOP)[:count]
    sound /= np.sqrt(np.mean(sound**2))
    if bed.hum_hz:
        pitch = np.full(count, rng.choice(bed.hum_hz) * rng.uniform(0.998, 1.002))
        tone = periodic(pitch, rng.random(10) / np.arange(1, 11), rate, rng.random())
        sound += np.float32(10 ** (rng.uniform(*bed.hum_db) / 20)) * tone
    return sound / np.sqrt(np.mean(sound**2))


def _levels(layer: Layer, rng: Rng, frames: int, rate: int) -> np.ndarray:
    """One layer's level, dB [frames, bands]; the clip's own colour is bent a little at every corner."""
    bent = [(hertz, level + rng.normal(0, 1.5)) for hertz, level in layer.points]
    colour = curve(rate, bent) + rng.uniform(*layer.level_db)
    step = _HOP / rate
    if not layer.by_band:
        return colour + wander(rng, frames, step, layer.hertz, layer.deviation_db)[:, None]
    groups = [wander(rng, frames, step, layer.hertz, layer.deviation_db) for _ in range(6)]
    return colour + np.repeat(np.stack(groups, axis=1), len(colour) // 6, axis=1)

"""How much hypervolume an untrained student promises, when its cost is known and its quality is guessed.

With one quality and one cost, a student of cost c and quality q adds the area between q and the front's staircase, from
c to the reference. When c is known, the expectation over a normal q is a sum of expected improvements (Jones et al.
1998), one for each step of the staircase, weighted by the step's width: the expected hypervolume improvement (Emmerich
et al. 2011) with one objective certain.
"""

from collections.abc import Sequence

import numpy as np


def expected_gain(
    mean: np.ndarray,
    deviation: np.ndarray,
    cost: np.ndarray,
    front: Sequence[tuple[float, float]],
    reference: tuple[float, float],
) -> np.ndarray:
    """Expected gain in hypervolume of candidates, each alone.

    `mean`, `deviation`: of their quality (upwards; deviations above 0); `cost`: downwards, as the hypervolume counts it
    (log10); all `[candidates]`. `front`: (quality, cost) of what is there, dominated points allowed; `reference`:
    (quality, cost) from which the hypervolume is measured.
    """
    total = np.zeros(len(mean))
    for low, high, level in _steps(front, reference):
        width = np.clip(high - np.maximum(cost, low), 0.0, None)
        total += width * _expected_improvement(mean, deviation, level)
    return total


def _steps(front: Sequence[tuple[float, float]], reference: tuple[float, float]) -> list[tuple[float, float, float]]:
    """(from cost, to cost, best quality that costs no more) of each step up to the reference."""
    steps, low, level = [], -np.inf, reference[0]
    for quality, cost in sorted(front, key=lambda point: point[1]):
        if quality > level and cost < reference[1]:
            steps.append((low, cost, level))
            low, level = cost, quality
    return [*steps, (low, reference[1], level)]


def _expected_improvement(mean: np.ndarray, deviation: np.ndarray, level: float) -> np.ndarray:
    from scipy.special import ndtr

    z = (mean - level) / deviation
    return (mean - level) * ndtr(z) + deviation * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)

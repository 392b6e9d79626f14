"""Paired bootstrap over recordings and seeds: is one way of training better than another, and how sure is that?

Both arms are scored on the same recordings. A resample draws recordings and seeds with replacement, the same for both
arms, and takes the difference of their F1; the 95 % interval runs from the 2.5th to the 97.5th percentile (Efron &
Tibshirani 1993, chapter 13). Seeds of two arms are paired: one seed gives both the same initial weights.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
LEVEL = 0.95
BETTER, WORSE, EQUAL = "better", "worse", "not distinguishable"
TOO_FEW = "too few recordings"
FEWEST = 6  # recordings: of five, all speak for one of two equal arms in 2 of 32 cases, which is more than 5 %
UNTOLD = "not computable"  # where the recordings hold none of the labels

Counts = NDArray[np.int64]
"""`[seeds, recordings, labels, 3]`: hits, detections and references (see `sedkd.score.f1.segment_counts`)."""


@dataclass(frozen=True)
class Difference:
    """F1 of one arm minus that of another, as fractions: the estimate, its 95 % interval, and what that means.

    `recordings`: how many hold what was to be found; None: enough. Of fewer than FEWEST no interval is to be believed:
    one that alone holds the events is in all resamples that count.
    """

    mean: float
    low: float
    high: float
    recordings: int | None = field(default=None, compare=False)

    @property
    def verdict(self) -> str:
        """`better` or `worse` where the interval lies on one side of 0 (`too few recordings` where it is not to be
        believed), else `not distinguishable`."""
        if self.low <= 0 <= self.high:
            return EQUAL
        if self.recordings is not None and self.recordings < FEWEST:
            return TOO_FEW
        return BETTER if self.low > 0 else WORSE


@dataclass(frozen=True)
class Comparison:
    """The difference of macro F1, and that of each label; None for what the recordings do not hold."""

    macro: Difference | None
    per_class: list[Difference | None]


def compare(a: Counts, b: Counts, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """How much better `a` is than `b`, two arms on the same recordings and labels with equally many seeds.

    Raises:
        ValueError: the arms do not fit together.
    """
    if a.shape != b.shape or not (a[..., 2] == b[..., 2]).all():
        raise ValueError(f"the arms were not scored on the same recordings with the same seeds: {a.shape}, {b.shape}")
    rng = np.random.default_rng(seed)
    seeds, recordings = a.shape[:2]
    weights = rng.multinomial(recordings, np.full(recordings, 1 / recordings), size=resamples)
    chosen = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
    drawn = [_mean_f1(_resampled(counts, weights), chosen) for counts in (a, b)]
    point = [f1(counts.sum(1)).mean(0) for counts in (a, b)]
    gap, gaps = point[0] - point[1], drawn[0] - drawn[1]
    there = ~np.isnan(gap)
    holding = a[0, ..., 2] > 0  # [recordings, labels]
    per_class = [
        _difference(gap[c], gaps[:, c], int(holding[:, c].sum())) if there[c] else None for c in range(len(gap))
    ]
    if not there.any():
        return Comparison(None, per_class)
    # A label may be missing from a resample though not from the recordings: the mean is over those that are there.
    held = gaps[:, there][~np.isnan(gaps[:, there]).all(1)]
    macro = _difference(float(np.nanmean(gap)), np.nanmean(held, axis=1), int(holding.any(1).sum()))
    return Comparison(macro, per_class)


def f1(counts: NDArray) -> NDArray[np.float64]:
    """F1 of summed counts `[..., 3]`; NaN where nothing was to be found."""
    hits, system, reference = np.moveaxis(counts.astype(float), -1, 0)
    return np.where(reference > 0, 2 * hits / np.maximum(system + reference, 1), np.nan)


def _resampled(counts: Counts, weights: NDArray) -> NDArray[np.float64]:
    """Sums `[resamples, seeds, labels, 3]` of the recordings, each as often as it was drawn."""
    flat = np.moveaxis(counts, 1, 0).reshape(counts.shape[1], -1).astype(float)
    return (weights @ flat).reshape(len(weights), counts.shape[0], *counts.shape[2:])


def _mean_f1(sums: NDArray, chosen: NDArray) -> NDArray[np.float64]:
    """Mean over the drawn seeds, `[resamples, labels]`; `chosen` `[resamples, seeds]` are their shares."""
    return np.einsum("rsl,rs->rl", f1(sums), chosen)


def _difference(point: float, drawn: NDArray, recordings: int) -> Difference:
    low, high = np.nanpercentile(drawn, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Difference(float(point), float(low), float(high), recordings)

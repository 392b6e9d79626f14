"""Paired bootstrap over recordings and seeds: is one way of training better than another, and how sure is that?

Both arms are scored on the same recordings. A resample draws recordings and seeds with replacement, the same for both
arms, and takes the difference of their F1; the 95 % interval runs from the 2.5th to the 97.5th percentile (Efron &
Tibshirani 1993, chapter 13), and is scaled about the estimate (as by Hesterberg 2015) to the standard error that the
difference has. Percentiles of few seeds lack some of it: two equal arms of five seeds are told apart by seeds alone in
one case of nine. And what belongs to one seed on one recording alone is drawn with the seeds, with the recordings and
with both, and counts three times (Owen 2007, The pigeonhole bootstrap): arms that differ by that alone are told apart
in less than one case of a hundred. See tests/compare for both.
Seeds of two arms are paired: one seed gives both the same initial weights.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
LEVEL = 0.95
BETTER, WORSE, EQUAL = "better", "worse", "not distinguishable"
TOO_FEW = "too few recordings"
ONE_SEED = "too few seeds"
FEWEST_SEEDS = 2  # of one seed nobody knows by how much another would differ
VERSION = 3  # raise it with every change of an interval or a verdict: what was kept by an earlier one is told anew
FEWEST = 6  # recordings: of five, all speak for one of two equal arms in 2 of 32 cases, which is more than 5 %
UNTOLD = "not computable"  # where the recordings hold none of the labels

Counts = NDArray[np.int64]
"""`[seeds, recordings, labels, 3]`: hits, detections and references (see `sedkd.score.f1.segment_counts`)."""


@dataclass(frozen=True)
class Difference:
    """F1 of one arm minus that of another, as fractions: the estimate, its 95 % interval, and what that means.

    `recordings`: how many hold what was to be found; None: enough. Of fewer than FEWEST no interval is to be believed:
    one that alone holds the events is in all resamples that count. `seeds`: how many; the interval of one is about its
    students alone.
    """

    mean: float
    low: float
    high: float
    recordings: int | None = field(default=None, compare=False)
    seeds: int | None = field(default=None, compare=False)

    @property
    def verdict(self) -> str:
        """`better` or `worse` where the interval lies on one side of 0 (`too few recordings` or `too few seeds` where
        it is not to be believed), else `not distinguishable`."""
        if self.low <= 0 <= self.high:
            return EQUAL
        if self.recordings is not None and self.recordings < FEWEST:
            return TOO_FEW
        if self.seeds is not None and self.seeds < FEWEST_SEEDS:
            return ONE_SEED
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
    gaps = f1(_resampled(a, weights)) - f1(_resampled(b, weights))  # [resamples, seeds, labels]
    each = f1(a.sum(1)) - f1(b.sum(1))  # [seeds, labels]
    there = ~np.isnan(each.sum(0))
    holding = a[0, ..., 2] > 0  # [recordings, labels]
    per_class = [
        _difference(each[:, c], gaps[..., c], chosen, int(holding[:, c].sum())) if there[c] else None
        for c in range(len(there))
    ]
    if not there.any():
        return Comparison(None, per_class)
    # A label may be missing from a resample though not from the recordings: the mean is over those that are there.
    held = ~np.isnan(gaps[:, 0, there]).all(1)
    means = np.nanmean(gaps[held][..., there], axis=2)
    macro = _difference(each[:, there].mean(1), means, chosen[held], int(holding.any(1).sum()))
    return Comparison(macro, per_class)


def f1(counts: NDArray) -> NDArray[np.float64]:
    """F1 of summed counts `[..., 3]`; NaN where nothing was to be found."""
    hits, system, reference = np.moveaxis(counts.astype(float), -1, 0)
    return np.where(reference > 0, 2 * hits / np.maximum(system + reference, 1), np.nan)


def _resampled(counts: Counts, weights: NDArray) -> NDArray[np.float64]:
    """Sums `[resamples, seeds, labels, 3]` of the recordings, each as often as it was drawn."""
    flat = np.moveaxis(counts, 1, 0).reshape(counts.shape[1], -1).astype(float)
    return (weights @ flat).reshape(len(weights), counts.shape[0], *counts.shape[2:])


def _difference(each: NDArray, gaps: NDArray, chosen: NDArray, recordings: int) -> Difference:
    """Of each seed's difference `[seeds]` and those on drawn recordings `[resamples, seeds]`, of which each resample
    has `chosen` shares."""
    low, high = interval(each, (gaps * chosen).sum(1), _of_recordings(gaps))
    return Difference(float(each.mean()), max(low, -1.0), min(high, 1.0), recordings, len(each))


def _of_recordings(gaps: NDArray) -> float:
    """The variance that recordings give to the mean over seeds, by differences on drawn ones `[resamples, seeds]`.

    Without what belongs to one seed on one recording alone, which is in the variance between seeds.

    With recordings' part R and that of one seed on them E, the mean varies by R + E / seeds and each seed by R + E.
    """
    together, apart = float(np.nanvar(gaps.mean(1))), float(np.nanvar(gaps, axis=0).mean())
    seeds = gaps.shape[1]
    return together if seeds == 1 else max(together - (apart - together) / (seeds - 1), 0.0)


def interval(each: NDArray, drawn: NDArray, of_recordings: float = 0.0) -> tuple[float, float]:
    """The 95 % interval of a mean over seeds, by what each seed says and the means of resamples, NaN where one says
    nothing. `of_recordings`: the variance of that mean that is none of the seeds."""
    point = float(each.mean())
    low, high = np.nanpercentile(drawn, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    scale = _scale(each, float(np.nanvar(drawn)), of_recordings)
    return point + scale * min(float(low) - point, 0.0), point + scale * max(float(high) - point, 0.0)


def _scale(each: NDArray, variance: float, of_recordings: float) -> float:
    """What the interval's halves are multiplied by. `variance`: of what was drawn, of seeds and recordings.

    The standard error of the seeds counts by Student's t, since they are few, the rest by the normal distribution, and
    their squares add.
    """
    from scipy.special import ndtri, stdtrit

    seeds = len(each)
    if seeds == 1 or variance == 0:
        return 1.0
    of_seeds = each.var(ddof=1) / seeds
    t, z = stdtrit(seeds - 1, (1 + LEVEL) / 2), ndtri((1 + LEVEL) / 2)
    return float(np.sqrt((t**2 * of_seeds + z**2 * of_recordings) / variance) / z)

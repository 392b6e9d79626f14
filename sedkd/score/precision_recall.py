"""Precision and recall of 1 s segments at every threshold, with the point at which a student operates."""

from dataclasses import dataclass

import numpy as np

from sedkd.score.postprocess import Answers, PostProcessing, segment_peaks
from sedkd.score.thresholding import smooth


@dataclass(frozen=True)
class Curve:
    """One label's: `precision` and `recall` `[points]` from the lowest threshold up, ending at recall 0; the average
    precision; the threshold in use and what it reaches (`at`: recall, precision; precision is None where nothing is
    told)."""

    precision: np.ndarray
    recall: np.ndarray
    average: float
    threshold: float
    at: tuple[float, float | None]


def curves_of(answers: Answers, post: PostProcessing) -> dict[str, Curve | None]:
    """By label, after the median filters of `post`; None for a label that no segment holds."""
    smoothed = [smooth(p, post.median_frames) for p in answers.probabilities]
    peak, active = segment_peaks(answers, smoothed)
    columns = zip(answers.labels, peak.T, active.T, post.thresholds, strict=True)
    return {label: _curve(p, truth, threshold) for label, p, truth, threshold in columns}


def _curve(peak: np.ndarray, truth: np.ndarray, threshold: float) -> Curve | None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if not truth.any():
        return None
    precision, recall, _ = precision_recall_curve(truth, peak)
    told = peak >= np.asarray(threshold, dtype=peak.dtype)  # compared as `tune` does
    hits = float((told & truth).sum())
    at = (hits / float(truth.sum()), hits / float(told.sum()) if told.any() else None)
    return Curve(precision, recall, float(average_precision_score(truth, peak)), threshold, at)

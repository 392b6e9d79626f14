"""Thresholds from answers: against a fit by scipy, against the truth of a simulated detector, and what is not said."""

import dataclasses

import numpy as np
import pytest
from reviewed_farm import candidates, recordings
from scipy.optimize import minimize
from scipy.special import expit

from sedkd.review.answers import Answer
from sedkd.review.bounds import bands_of, for_false_alarms, for_precision
from sedkd.review.candidates import Scored
from sedkd.review.drawing import logit
from sedkd.review.logistic import RIDGE, fitted
from sedkd.review.review import review_of


def loss(parameters, x, yes):
    z = parameters[0] + parameters[1] * x
    return np.sum(np.logaddexp(0, z) - yes * z) + RIDGE / 2 * np.sum(parameters**2)


@pytest.mark.parametrize("case", ["overlapping", "separable", "all yes"])
def test_the_fit_is_that_of_a_general_optimiser(case):
    rng = np.random.default_rng(1)
    x = rng.uniform(-4, 6, 40)
    yes = {"overlapping": rng.uniform(size=40) < expit(x - 1), "separable": x > 1, "all yes": x > -9}[case].astype(
        float
    )
    found = fitted(x, yes, np.ones((1, 40)))[0]
    best = minimize(loss, np.zeros(2), args=(x, yes)).x
    assert found == pytest.approx(best, abs=1e-3)


def truly(score):
    """The chance that a candidate of this score is right, in the simulation."""
    return expit(1.2 * logit(score) - 0.5)


def simulated(folder, by, clips, seed=0, right=truly):
    """A review of a detector with 3000 candidates in 100 hours, all its answers, and the truth of every candidate."""
    paths = recordings(folder, 1)
    found = candidates(paths, "bell", 3000, seed)
    rng = np.random.default_rng(seed + 1)
    truth = {c.score: bool(rng.uniform() < right(c.score)) for c in found}
    review = review_of(Scored(found, 100.0, {}), ("bell",), clips, by, seed, "peak")
    answers = [Answer(i, clip, truth[clip.score]) for i, clip in enumerate(review.clips)]
    return review, answers, [(c.score, truth[c.score]) for c in found]


@pytest.mark.parametrize("by", ["spread", "random", "uncertain"])
def test_a_threshold_for_a_precision_keeps_it(tmp_path, by):
    review, answers, everything = simulated(tmp_path, by, 600)
    bound = for_precision(review, answers, "bell", 0.9)
    if by == "uncertain":  # all around 0.5: nothing was asked of the surest
        assert bound.value is None
        assert "without answers from 0.95 to 1" in bound.reason
        return
    above = [right for score, right in everything if score >= bound.value]
    assert np.mean(above) == pytest.approx(0.9, abs=0.03)
    assert bound.low <= bound.value <= bound.high
    kept = sum(above) / sum(right for _, right in everything)
    assert bound.kept == pytest.approx(kept, abs=0.06)


def test_a_threshold_for_false_alarms_counts_what_was_found_not_what_was_asked(tmp_path):
    for by in ("spread", "random"):
        review, answers, everything = simulated(tmp_path, by, 600)
        bound = for_false_alarms(review, answers, "bell", 2.0)
        alarms = sum(not right for score, right in everything if score >= bound.value) / review.hours
        assert alarms == pytest.approx(2.0, abs=0.4)


def test_more_hours_allow_a_lower_threshold(tmp_path):
    review, answers, _ = simulated(tmp_path, "spread", 300)
    longer = dataclasses.replace(review, hours=2 * review.hours)
    low, high = (for_false_alarms(each, answers, "bell", 2.0).value for each in (longer, review))
    assert low < high


def test_what_the_answers_do_not_support_is_not_told(tmp_path):
    review, answers, _ = simulated(tmp_path, "spread", 200, right=lambda score: 0.3)
    assert "a precision of 0.9 is not reached up to" in for_precision(review, answers, "bell", 0.9).reason
    assert for_precision(review, answers[:9], "bell", 0.9).reason == "9 answers; give at least 10"
    assert for_precision(review, [], "bell", 0.9).value is None


def test_where_all_answers_are_yes_the_threshold_is_the_lowest_asked_about(tmp_path):
    review, answers, _ = simulated(tmp_path, "spread", 100, right=lambda score: 1.0)
    bound = for_precision(review, answers, "bell", 0.9)
    assert bound.value == min(answer.clip.score for answer in answers)
    assert bound.note == "the lowest that the answers speak of, no answer is no"


@pytest.mark.slow
def test_the_interval_holds_the_truth_about_as_often_as_it_says(tmp_path):
    from scipy.optimize import brentq

    def share(threshold):  # scores are uniform
        return truly_mean(threshold) - 0.9

    def truly_mean(threshold):
        return float(np.mean([truly(score) for score in np.linspace(threshold, 0.9999, 2000)]))

    truth = brentq(share, 0.1, 0.98)
    inside = 0
    for seed in range(40):
        review, answers, _ = simulated(tmp_path, "random", 200, seed=10 * seed)
        bound = for_precision(review, answers, "bell", 0.9)
        high = 1.0 if bound.high is None else bound.high
        inside += bound.value is not None and bound.low - 0.02 <= truth <= high + 0.02
    assert inside >= 34  # of 40; 38 are expected


def test_bands_count_what_was_found_and_answered(tmp_path):
    review, answers, everything = simulated(tmp_path, "spread", 70)
    bands = bands_of(review, answers, "bell")
    assert sum(band.found for band in bands) == len(everything)
    assert [band.answered for band in bands] == [10] * 7
    assert all(low <= band.yes / 10 <= high for band in bands for low, high in [band.interval])

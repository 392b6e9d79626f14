"""Differences of several environments together, against draws of what they stand for."""

import numpy as np
import pytest

from search.show.pooled_table import pooled_table
from sedkd.compare.bootstrap import BETTER, EQUAL, TOO_FEW, Difference
from sedkd.compare.pooled import mean_of, pooled


def normal(mean: float, deviation: float) -> Difference:
    return Difference(mean, mean - 1.96 * deviation, mean + 1.96 * deviation)


def test_the_interval_is_that_of_the_mean_of_independent_draws() -> None:
    parts = [(0.022, 0.012), (0.024, 0.011), (0.033, 0.030)]
    found = mean_of([normal(*part) for part in parts])
    random = np.random.default_rng(0)
    drawn = np.mean([random.normal(*part, 400_000) for part in parts], axis=0)
    assert (found.low, found.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=3e-4)
    assert found.mean == pytest.approx(drawn.mean(), abs=1e-4)
    assert mean_of([normal(0.02, 0.01)]) == normal(0.02, 0.01)


def test_skewed_intervals_stay_skewed() -> None:
    found = mean_of([Difference(0.03, 0.0, 0.04), Difference(0.03, -0.01, 0.04)])
    assert (found.mean, found.low, found.high) == pytest.approx((0.03, 0.03 - 0.025, 0.03 + 0.0141421 / 2))


def result(environment: str, mean: float | None, *more: str) -> dict:
    told = {"mean": mean, "low": mean and mean - 0.03, "high": mean and mean + 0.03, "verdict": EQUAL}
    pairs = [{"a": "aware", "b": b, "f1_segment": told, "f1_event": told} for b in ("scratch", *more)]
    return {"environment": environment, "architecture": "separable 8x3", "pairs": pairs}


def test_what_no_one_shows_alone_all_may_show_together() -> None:
    three = [result(name, 0.025) for name in ("farm", "home", "coast")]
    (pair,) = pooled(three)
    assert pair["f1_segment"]["verdict"] == BETTER
    table = pooled_table(three)
    assert list(table.columns[1].cells) == ["farm", "home", "coast", "mean of these"]
    assert list(table.columns[2].cells)[-1] == "+2.5 [+0.8, +4.2]"


def test_what_one_lacks_is_left_out() -> None:
    (pair,) = pooled([result("farm", 0.02, "generic"), result("home", 0.02)])
    assert (pair["a"], pair["b"]) == ("aware", "scratch")
    assert pooled([result("farm", 0.02), result("home", None)]) == []


def test_one_with_too_few_recordings_makes_the_mean_no_proof() -> None:
    two = [result(name, 0.05) for name in ("farm", "home")]
    assert pooled(two)[0]["f1_segment"]["verdict"] == BETTER
    for recordings, verdict in ((5, TOO_FEW), (6, BETTER)):
        two[1]["pairs"][0]["f1_segment"]["recordings"] = recordings
        found = pooled(two)[0]["f1_segment"]
        assert (found["verdict"], found["recordings"]) == (verdict, recordings)

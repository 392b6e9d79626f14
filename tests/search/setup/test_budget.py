"""What a search's students may cost."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from invented_trials import trial

from search.setup import budget
from search.setup.budget import Budget, Limits, above_limits
from sedkd.cost.summary import Cost
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import cost_before_training

SMALL = {"student.width": 2, "student.depth": 2}
LARGE = {"student.width": 16, "student.depth": 3}


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Limits, list[int]]]:
    """By a number of parameters that only SMALL keeps, and a latency of which every measurement is counted."""
    measured: list[int] = []

    def cost(configuration: Configuration, events: Sequence[str], with_latency: bool = False) -> Cost:
        if not with_latency:
            return cost_before_training(configuration, events)
        measured.append(configuration.student.width)
        return replace(cost_before_training(configuration, events), latency=float(configuration.student.width))

    monkeypatch.setattr(budget, "cost_before_training", cost)
    task: Any = SimpleNamespace(events=("bark", "rain"))
    return lambda **most: (Limits(task, TrainSettings(), Budget(1, limits=most)), measured)


def test_candidates_are_weighed_without_measuring_each(limits: Any) -> None:
    found, measured = limits(latency=8.0)
    assert math.isfinite(found.log_cost(LARGE, "macs"))
    assert math.isfinite(found.log_cost(SMALL, "macs"))
    assert measured == []
    assert found.is_over(LARGE)
    assert not found.is_over(SMALL)
    assert measured == [16, 2]
    assert found.is_over(LARGE)
    assert measured == [16, 2]  # each architecture once


def test_what_is_over_another_limit_is_not_measured(limits: Any) -> None:
    least = cost_before_training(budget.from_flat(SMALL, TrainSettings()), ["bark", "rain"]).params
    found, measured = limits(latency=8.0, params=least + 100)
    assert found.log_cost(LARGE, "macs") == math.inf
    assert found.is_over(LARGE)
    assert measured == []


def test_a_measured_cost_is_weighed_with_its_limit(limits: Any) -> None:
    found, measured = limits(latency=8.0)
    assert found.log_cost(LARGE, "latency") == math.inf
    assert found.log_cost(SMALL, "latency") == pytest.approx(math.log10(2))
    assert measured == [16, 2]


def test_students_above_a_limit_that_is_new_are_told() -> None:
    members = [trial(number, 0.5, 1e5 * number) for number in range(8)]
    assert above_limits(members, {"macs": 7e5, "ram": 100.0}) == []
    assert above_limits(members, {"macs": 5.5e5, "latency": 1e-9}) == [
        "above --max-macs 550000, and counted all the same: 2 trials that this study has finished (trial 6, 7); they "
        "may be on its front"
    ]
    (line,) = above_limits(members, {"macs": 5e4})
    assert "7 trials that this study has finished (trial 1, 2, 3, 4, 5, ...)" in line

"""An architecture's cost is counted once."""

import pytest

from sedkd.cost import known
from sedkd.cost.known import known_cost
from sedkd.cost.summary import cost_of
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student


def test_it_is_what_counting_says_and_is_not_counted_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    settings = StudentSettings(8, 3, "separable", "gru")
    counted = cost_of(Student(settings, ("a", "b")), with_latency=False)
    assert known_cost(settings, 2) == counted
    assert known_cost(settings, 3).params > counted.params
    monkeypatch.setattr(known, "cost_of", lambda *_, **__: pytest.fail("counted again"))
    assert known_cost(settings, 2) == counted

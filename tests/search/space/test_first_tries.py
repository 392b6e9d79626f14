"""Every strategy once, for students whose costs lie apart."""

import math
from pathlib import Path

import numpy as np
import pytest

from search.setup.setting import spaces_folder
from search.space.first_tries import TRIALS_EACH, first_tries, to_be_tried
from search.space.reading import space_from
from sedkd.cost.known import known_cost
from sedkd.disk.yaml_file import read_yaml
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

DEFAULT = spaces_folder() / "default.yaml"
SPACE = space_from(read_yaml(DEFAULT), DEFAULT)
DIMENSIONS = {dimension.name: dimension for dimension in SPACE.dimensions}


def log_macs(values):
    return math.log10(known_cost(from_flat(values, TrainSettings()).student, 4).macs)


def up_to_a_million(values):
    cost = log_macs(values)
    return cost if cost <= 6 else math.inf


def test_all_strategies_but_those_of_the_controls_where_a_third_of_the_trials_covers_them():
    names = to_be_tried(SPACE, 60)
    assert {*names, "none", "response"} == set(SPACE.choices("strategy"))
    assert to_be_tried(SPACE, TRIALS_EACH * len(names)) == names
    assert to_be_tried(SPACE, TRIALS_EACH * len(names) - 1) == []


@pytest.mark.parametrize("cost", [log_macs, up_to_a_million])
def test_costs_are_spread_from_the_first_few_on(cost):
    names = to_be_tried(SPACE, 60)
    tries = first_tries(SPACE, names, cost)
    assert [values["strategy"] for values in tries] == names
    costs = [cost(values) for values in tries]
    least, most = min(costs), max(costs)
    assert most - least > 1.2  # tens of times as dear
    for count, apart in ((3, 0.4), (7, 0.25), (len(costs), 0.2)):  # as shares of the whole
        some = np.sort([least, *costs[:count], most])
        assert np.diff(some).max() < apart * (most - least)


def test_all_but_the_architecture_is_the_strategys_default():
    for values in first_tries(SPACE, to_be_tried(SPACE, 60), up_to_a_million):
        default = SPACE.defaults(strategy=values["strategy"])
        assert set(values) == set(default)
        changed = {name for name, value in values.items() if value != default[name]}
        assert changed <= {"student.width", "student.depth", "student.head"}
        assert all(DIMENSIONS[name].holds(value) for name, value in values.items())


def test_nothing_where_nothing_can_be_trained():
    assert first_tries(SPACE, ["hint"], lambda values: math.inf) == []
    assert first_tries(SPACE, [], log_macs) == []
    small = space_from({"dimensions": {"student.width": {"type": "int", "low": 2, "high": 16}}}, Path("space.yaml"))
    assert to_be_tried(small, 60) == []

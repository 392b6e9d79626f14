"""A configuration of another study, fitted to the space at hand."""

import pytest

from search.setup.setting import spaces_folder
from search.space.drawing import completed
from search.space.reading import space_from
from sedkd.disk.yaml_file import read_yaml
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

DEFAULT = spaces_folder() / "default.yaml"


@pytest.fixture(scope="module")
def space():
    return space_from(read_yaml(DEFAULT), DEFAULT)


def test_a_configuration_is_completed_for_the_space(space):
    values = {
        "student.width": 7,  # no step of the space
        "student.depth": 4,
        "student.block": "mobilenet",  # no choice of the space
        "strategy": "hint",
        "train.learning_rate": 1.0,  # out of range
        "hint.weight": 0.2,
        "weak.weight": 0.3,  # of another strategy
        "unheard.of": 1,
    }
    found = completed(values, space)
    assert found["student.width"] == 16
    assert found["student.depth"] == 4
    assert found["student.block"] == "separable"
    assert found["train.learning_rate"] == 0.04
    assert found["hint.weight"] == 0.2
    assert found["teacher.targets"] == "own"
    assert "weak.weight" not in found
    assert "unheard.of" not in found
    from_flat(found, TrainSettings())

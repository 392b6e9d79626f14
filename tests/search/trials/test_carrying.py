"""Starting points from other studies: their fronts and a prior, each fitted to the space at hand."""

import pytest
from small_study import arguments, write_farm

from search.cli import search
from search.pareto.front import front
from search.setup.setting import spaces_folder
from search.space.drawing import completed
from search.space.reading import space_from
from search.study.opening import load_study
from search.study.records import FinishedTrial
from search.study.store import open_store
from search.study.trial_record import FinishedRecord
from search.trials.carrying import from_ends
from sedkd.data.environment import read_yaml
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
    assert found["train.learning_rate"] == 0.02
    assert found["hint.weight"] == 0.2
    assert found["teacher.targets"] == "own"
    assert "weak.weight" not in found
    assert "unheard.of" not in found
    from_flat(found, TrainSettings())


@pytest.mark.slow
def test_a_new_study_begins_with_what_others_found(tmp_path, capsys):
    farm, store = write_farm(tmp_path), open_store(str(tmp_path / "runs"))
    assert search.main(arguments(farm, 6, env="yard")) == 0
    assert "carried over" not in capsys.readouterr().out
    yard = load_study(store, "yard", None)
    on_front = {m.number for m in front(yard.finished(), yard.objectives)}

    assert search.main(arguments(farm, 8)) == 0
    assert "carried over" in capsys.readouterr().out
    study = load_study(store, "farm", None)
    named = {t.user_attrs["carried"]: t for t in study.optuna.trials if "carried" in t.user_attrs}
    assert 0 < len(named) <= 2  # a quarter of the budget
    for name, trial in named.items():
        if name.startswith("yard-"):
            number = int(name.rpartition(" ")[2])
            assert number in on_front
            assert trial.params == yard.optuna.trials[number].params

    before = len(study.optuna.trials)
    assert search.main(arguments(farm, 9)) == 0  # what was carried over once is not again
    assert sum("carried" in t.user_attrs for t in load_study(store, "farm", None).optuna.trials[before:]) == 0

    assert search.main([*arguments(farm, 4, seed=5), "--no-carry"]) == 0
    assert not any("carried" in t.user_attrs for t in load_study(store, "farm", None).optuna.trials)


def test_fronts_are_taken_from_both_ends():
    members = [FinishedTrial(i, (), FinishedRecord()) for i in range(5)]
    assert [m.number for m in from_ends(members)] == [0, 4, 1, 3, 2]
    assert sorted(m.number for m in from_ends(members[:4])) == [0, 1, 2, 3]

"""Trials read and written as rows of a real PostgreSQL server, compared with Optuna's own reading of them."""

from collections.abc import Iterator

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import TrialState
from postgres import needs_postgres, server

from search.study.patient import patient, together
from search.study.trial_rows import TrialRows

pytestmark = needs_postgres
SPACE = {
    "strategy": CategoricalDistribution(["none", "hint"]),
    "width": IntDistribution(2, 32, step=2),
    "rate": FloatDistribution(1e-3, 1.0, log=True),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as made:
        yield made.address.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def study(address: str, request: pytest.FixtureRequest) -> optuna.Study:
    return optuna.create_study(
        study_name=request.node.name, storage=patient(address, "here", 20.0), directions=["maximize", "minimize"]
    )


@pytest.fixture
def plain(address: str) -> BaseStorage:
    """Optuna's own, without a cache."""
    return RDBStorage(address)


def test_trials_are_read_as_optuna_reads_them(study: optuna.Study, plain: BaseStorage) -> None:
    ended = study.ask(SPACE)
    ended.set_user_attr("record", {"scores": [0.5, None], "name": "größer"})
    study.tell(ended, [float("inf"), -1.5])
    refused = study.ask({"rate": FloatDistribution(1e-3, 0.5, log=True)})
    refused.set_constraint("max_macs", 0.25)
    study.tell(refused, state=TrialState.PRUNED)
    study.enqueue_trial({"width": 4}, user_attrs={"control": "smallest"})
    study.ask()
    study.ask(SPACE)
    study.enqueue_trial({"width": 6})
    found = study.get_trials(deepcopy=False)
    assert [t.state.name for t in found] == ["COMPLETE", "PRUNED", "RUNNING", "RUNNING", "WAITING"]
    assert found == plain.get_all_trials(study._study_id)
    assert [list(t.params) for t in found] == [list(t.params) for t in plain.get_all_trials(study._study_id)]
    assert study.trials == found
    with pytest.raises(KeyError, match="No trial with trial id 0 exists"):
        study._storage.get_trial(0)


def test_only_what_changed_is_read_again(
    study: optuna.Study, plain: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, own = list[int](), TrialRows._read

    def watched(self: TrialRows, trial_ids: list[int]) -> list[optuna.trial.FrozenTrial]:
        read.extend(trial_ids)
        return own(self, trial_ids)

    trials = [study.ask(SPACE) for _ in range(3)]
    ids = [trial._trial_id for trial in trials]
    rows = TrialRows(plain.engine)  # type: ignore[attr-defined]
    rows.get_all_trials(study._study_id)
    monkeypatch.setattr(TrialRows, "_read", watched)

    def changed() -> list[int]:
        read.clear()
        assert rows.get_all_trials(study._study_id) == plain.get_all_trials(study._study_id)
        return list(read)

    assert changed() == []
    trials[0].set_user_attr("kept_at", 100)
    assert changed() == ids[:1]
    trials[0].set_user_attr("kept_at", 200)  # written anew
    trials[1].set_constraint("max_macs", -1.0)
    assert sorted(changed()) == ids[:2]
    study.tell(trials[2], [0.5, 1.0])
    new = study.ask()
    assert sorted(changed()) == [ids[2], new._trial_id]
    new.suggest_int("width", 2, 32, step=2)
    assert changed() == [new._trial_id]
    assert changed() == []


def test_parameters_are_written_together(study: optuna.Study, plain: BaseStorage) -> None:
    trial = study.ask()
    with together():
        drawn = {name: trial._suggest(name, distribution) for name, distribution in SPACE.items()}
        assert trial.params == drawn
        assert plain.get_trial(trial._trial_id).params == {}
    assert plain.get_trial(trial._trial_id).params == drawn
    with pytest.raises(ValueError, match="different distribution kind"), together():
        study.ask().suggest_float("width", 0.0, 1.0)


def test_another_study_may_have_other_dimensions_of_these_names(study: optuna.Study) -> None:
    study.ask(SPACE)
    other = optuna.create_study(study_name=f"{study.study_name} 2", storage=study._storage)
    assert study.get_trials()
    assert not other.get_trials()
    other.ask({"width": CategoricalDistribution(["narrow", "wide"])})
    with pytest.raises(ValueError, match="different distribution kind"):
        other.ask({"width": IntDistribution(2, 32)})


def test_a_trial_that_has_ended_is_given_no_parameters(study: optuna.Study, plain: BaseStorage) -> None:
    trial = study.ask()
    study.tell(trial, state=TrialState.FAIL)  # by another process, meanwhile
    with pytest.raises(UpdateFinishedTrialError, match="already finished"), together():
        trial.suggest_int("width", 2, 32)
    assert plain.get_trial(trial._trial_id).params == {}

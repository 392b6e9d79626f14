"""A study that begins anew under its name, after its database was moved away, takes nothing of the one before."""

import shutil
import warnings
from pathlib import Path

import pytest
from mlflow import MlflowClient

from search.study.objectives import parse
from search.study.opening import load_studies, load_study, open_study, others
from search.study.records import LIFE
from search.study.scores import TEST_FILE
from search.study.sqlite import SQLiteStorage
from search.study.store import Store
from search.study.view import StudyView
from search.tracking.tracker import Tracker
from sedkd.disk.json_file import write_json
from sedkd.errors import SedkdWarning

OBJECTIVES = parse("f1_segment,macs")
FACTS = {
    "environment": "farm", "scene": "a yard", "events": ["bell"], "data": "/somewhere", "synthetic": False,
    "teacher": "crnn", "objectives": ["f1_segment", "macs"], "train": {"steps": 100}, "space": {},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Store(tmp_path / "runs")


def opened(store: Store) -> StudyView:
    return open_study(store, "farm-123abc", FACTS, OBJECTIVES)


def begin(study: StudyView, trials: int) -> None:
    """So that the study has so many trials."""
    for _ in range(trials - len(study.optuna.get_trials(deepcopy=False))):
        study.optuna.ask()


def with_test_scores(study: StudyView) -> Path:
    """As a search leaves trial 6."""
    begin(study, 7)
    file = study.trial_folder(6) / TEST_FILE
    write_json(file, {"values": {"f1_segment": 0.9}, "per_class": {}, "split": "of test"})
    return file


def test_test_scores_of_another_trial_6_are_moved_aside(store: Store) -> None:
    file = with_test_scores(opened(store))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert opened(store).test_scores(6) is not None  # the same study goes on
        assert load_study(store, None, "farm-123abc").test_scores(6) is not None
    (store.root / "optuna.db").rename(store.root / "damaged.db")
    with pytest.warns(
        SedkdWarning, match=r"holds 1 trials of an earlier study of this name; they are in former-1/ now"
    ):
        assert opened(store).test_scores(6) is None
    assert (file.parent.parent / "former-1" / "trial-0006" / TEST_FILE).exists()
    (store.root / "damaged.db").replace(store.root / "optuna.db")
    assert opened(store).test_scores(6) is None  # they are not taken for those of this one either


def test_trials_that_a_database_lacks_that_was_put_back(store: Store) -> None:
    """Their numbers will be those of other students."""
    study = opened(store)
    begin(study, 5)
    for number in (3, 4):
        study.trial_folder(number).mkdir(parents=True)
    shutil.copy(store.root / "optuna.db", store.root / "copy.db")
    file, told = with_test_scores(study), Tracker(study)
    (store.root / "copy.db").replace(store.root / "optuna.db")
    message = (
        r"holds 1 trials that the study lacks, since a copy of its database was put back; they are in former-1/ now"
    )
    with pytest.warns(SedkdWarning, match=message):
        again = opened(store)
    begin(again, 7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert opened(store).test_scores(6) is None
    assert [again.trial_folder(n).exists() for n in (3, 4, 6)] == [True, True, False]
    assert (again.folder / "former-1" / "trial-0006" / file.name).exists()
    assert Tracker(again).parent != told.parent  # its runs are of trials that there are no more


def test_a_study_of_before_lives_were_told_apart_is_left_alone(store: Store) -> None:
    study = opened(store)
    with_test_scores(study)
    study.optuna._storage.set_study_user_attr(study.optuna._study_id, LIFE, None)
    (study.folder / LIFE).unlink()
    assert opened(store).test_scores(6) is not None


def test_another_machines_folder_is_of_this_life_too(store: Store, tmp_path: Path) -> None:
    """One that joins finds its own folder of the study before."""
    other = Store(tmp_path / "other")
    theirs = StudyView(opened(store).optuna, other)
    with_test_scores(theirs)
    (theirs.folder / LIFE).write_text("another")
    (other.root / "optuna.db").symlink_to(store.root / "optuna.db")
    with pytest.warns(SedkdWarning, match="former-1"):
        assert load_study(other, None, "farm-123abc").test_scores(6) is None


def test_mlflow_keeps_the_runs_of_both_apart(store: Store) -> None:
    before = Tracker(opened(store))
    (store.root / "optuna.db").unlink()
    after = Tracker(opened(store))
    assert before.parent != after.parent
    assert Tracker(opened(store)).parent == after.parent
    client = MlflowClient(store.mlflow_uri)
    assert client.get_run(before.parent).info.lifecycle_stage == "active"


def test_learning_from_other_studies_brings_no_scores_of_theirs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server would send all files of scores of all studies, three times before a process trains."""
    study, fetched = opened(store), list[str]()
    open_study(store, "yard-123abc", {**FACTS, "environment": "yard"}, OBJECTIVES)
    monkeypatch.setattr(SQLiteStorage, "fetch_scores", lambda _, name, folder: fetched.append(name))
    assert others(study) == []
    assert fetched == []
    load_studies(store, None, None)
    assert sorted(fetched) == ["farm-123abc", "yard-123abc"]

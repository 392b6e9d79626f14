"""What MLflow is told of a study, and that it is not told more than it needs to be."""

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import optuna
import pytest
from invented_study import invented_study
from mlflow import MlflowClient
from optuna.trial import TrialState
from postgres import needs_postgres, server

from search.pareto.front import front, ranks
from search.study.objectives import Objectives
from search.study.opening import load_study, open_study
from search.study.records import RECORD
from search.study.store import Store
from search.study.view import StudyView
from search.tracking import tracker as tracking
from search.tracking.links import VIEW_TAG
from search.tracking.tracker import MAX_RANK, Tracker

F1_MACS = Objectives(("f1_segment", "macs"))


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Store(tmp_path)


def trials_in(store: Store) -> dict[int, object]:
    client = MlflowClient(store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    runs = client.search_runs([experiment], "tags.`sedkd.role` = 'trial'")
    return {int(run.data.tags["sedkd.trial"]): run for run in runs}


def check_ranks(store: Store, study: StudyView) -> None:
    members, runs = study.finished(), trials_in(store)
    for member, rank in zip(members, ranks([m.values for m in members], F1_MACS), strict=True):
        assert runs[member.number].data.metrics["pareto_rank"] == min(rank, MAX_RANK)
        assert runs[member.number].data.tags["on_front"] == str(rank == 1).lower()


def test_a_study_is_told_whole(store):
    study = invented_study(F1_MACS, 25, stopped=2, store=store)
    study.optuna.add_trial(optuna.trial.create_trial(state=TrialState.PRUNED))  # over a limit
    Tracker(study).close("FINISHED")
    runs = trials_in(store)
    assert sorted(runs) == list(range(27))
    check_ranks(store, study)
    for number in (25, 26):
        assert runs[number].info.status == "FINISHED"
        assert runs[number].data.tags["stopped"] == "full@0.5"
        assert "ended early at full@0.5 with 0.100" in runs[number].data.tags["mlflow.note.content"]
        assert "f1_segment" not in runs[number].data.metrics
    assert runs[0].data.tags["mlflow.note.content"].startswith("Control: scratch. ")

    client = MlflowClient(store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm")
    view = json.loads(experiment.tags[VIEW_TAG + "farm-123abc"])
    assert len(client.search_runs([experiment.experiment_id], view["searchFilter"])) == 27
    parent = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'study'")[0]
    note = parent.data.tags["mlflow.note.content"]
    for member in front(study.finished(), F1_MACS):
        assert f"/runs/{runs[member.number].info.run_id}?" in note
    assert {f.path for f in client.list_artifacts(parent.info.run_id)} == {"pareto.html", "front.csv", "study.json"}


def test_a_trial_that_moves_all_ranks_costs_few_calls(store, monkeypatch):
    monkeypatch.setattr(tracking, "MAX_MARKS", 3)
    study = invented_study(F1_MACS, 12, store=store)
    tracker = Tracker(study)
    tracker.close("FINISHED")
    before = front(study.finished(), F1_MACS)
    found = study.finished()[0].record
    best = replace(found, control=None, configuration={}, measures={**found.measures, "f1_segment": 1.0, "macs": 1.0})
    study.optuna.add_trial(optuna.trial.create_trial(values=[1.0, 0.0], user_attrs={RECORD: best.to_json()}))

    written = []
    log_batch = tracker.client.log_batch
    monkeypatch.setattr(
        tracker.client, "log_batch", lambda run, **more: (written.append(more), log_batch(run, **more))[1]
    )
    tracker.sync(figures=False)
    marks = [more["metrics"][0] for more in written if more.get("tags")]
    assert len(marks) == 3
    on_front = [number for number, run in trials_in(store).items() if run.data.tags.get("on_front") == "true"]
    assert 12 in on_front
    assert len(on_front) <= max(len(before) - 1, 1)
    tracker.close("FINISHED")
    check_ranks(store, study)


def every_trial(store: Store) -> list[int]:
    """The trials of all runs that are there, doubles as well."""
    client = MlflowClient(store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    runs = client.search_runs([experiment], "tags.`sedkd.role` = 'trial'")
    return sorted(int(run.data.tags["sedkd.trial"]) for run in runs)


def test_two_searches_of_one_study_tell_each_trial_once(store):
    study = invented_study(F1_MACS, 6, stopped=1, store=store)
    one, other = Tracker(study), Tracker(study)  # both have looked, and found nothing
    one.sync(figures=False)
    other.sync(figures=False)
    assert every_trial(store) == list(range(7))
    other.close("FINISHED")
    one.close("FINISHED")
    assert every_trial(store) == list(range(7))
    check_ranks(store, study)


def test_two_searches_that_begin_together_make_one_run_of_their_study(store, monkeypatch):
    study = invented_study(F1_MACS, 2, store=store)
    begun = threading.Event()

    def looked_up(tracker, role, *more):
        found = runs_of(tracker, role, *more)
        if role == "study" and not begun.is_set():
            begun.set()
            begun_second.join(1.0)  # the other looks meanwhile, if it may
        return found

    runs_of = Tracker._runs
    monkeypatch.setattr(Tracker, "_runs", looked_up)
    made = []
    begun_second = threading.Thread(target=lambda: begun.wait() and made.append(Tracker(study).parent))
    begun_second.start()
    made.append(Tracker(study).parent)
    begun_second.join()
    assert made[0] == made[1]


def test_doubles_that_are_there_are_taken_away(store):
    study = invented_study(F1_MACS, 4, store=store)
    tracker = Tracker(study)
    tracker.close("FINISHED")
    for trial in study.optuna.trials[1:3]:
        tracker.runs.write(trial)
    assert every_trial(store) == [0, 1, 1, 2, 2, 3]
    Tracker(study).catch_up()
    assert every_trial(store) == [0, 1, 2, 3]
    check_ranks(store, study)


@needs_postgres
def test_of_two_machines_one_at_a_time_writes_runs(tmp_path, monkeypatch):
    """Both may tell one MLflow server, each with a folder of its own."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    facts = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False}
    with server() as made:
        one = open_study(Store(tmp_path / "one", made.address, 20.0), "farm-123abc", facts, F1_MACS)
        other = load_study(Store(tmp_path / "other", made.address, 20.0), None, "farm-123abc")
        entered = threading.Event()

        def enter() -> None:
            with Tracker.alone(SimpleNamespace(study=other)):
                entered.set()

        waiting = threading.Thread(target=enter)
        with Tracker.alone(SimpleNamespace(study=one)):
            waiting.start()
            assert not entered.wait(0.5)
        assert entered.wait(20)
        waiting.join()

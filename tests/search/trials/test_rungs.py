"""A search whose students are trained rung by rung, on a small real study."""

from dataclasses import replace
from pathlib import Path

import pytest
from bands import same, weights
from mlflow import MlflowClient
from small_study import arguments, write_farm

import search.pareto.rungs as rungs
from search.cli import main, search
from search.cli.search import parser, request_of
from search.pareto.front import front
from search.pareto.rungs import students
from search.setup.request import planned
from search.study.opening import load_study
from search.study.store import open_store
from search.study.view import StudyView
from sedkd.models.checkpoint import load_model
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import run_trial

LADDER = (2, 8, 32)
TRIALS = 5


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_farm(tmp_path_factory.mktemp("run"))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rungs, "FEWEST_STEPS", 2)


def study_of(store: Path) -> StudyView:
    return load_study(open_store(str(store)), "farm", None)


def test_students_are_trained_rung_by_rung(farm, tmp_path, capsys):
    words = arguments(farm, TRIALS, store=tmp_path / "runs", steps=LADDER[-1])
    assert search.main(words) == 0
    out = capsys.readouterr().out
    assert "rungs    2, 8, 32 steps" in out
    assert f"[{TRIALS}/{TRIALS}]" in out
    assert "on to 8 steps" in out
    assert "on to 32 steps" in out

    study = study_of(tmp_path / "runs")
    members = study.finished()
    begun = [m for m in members if m.record.continues is None]
    assert len(begun) == study.spent() == TRIALS
    assert {m.record.steps for m in begun} == {2}
    on_front = front(members, study.objectives)
    assert {m.record.steps for m in members} == set(LADDER)
    assert all(m.record.steps == 32 for m in on_front if m in students(members))
    for member in members:
        if member.record.continues is not None:
            before = members[[m.number for m in members].index(member.record.continues)]
            assert member.record.configuration == before.record.configuration
            assert LADDER.index(member.record.steps) == LADDER.index(before.record.steps) + 1
            assert list(member.record.curve[: len(before.record.curve)]) == list(before.record.curve)
            trial = study.optuna.trials[member.number]
            assert trial.user_attrs["resumed_at"] == before.record.steps
            assert trial.params == study.optuna.trials[before.number].params
            assert not (study.trial_folder(before.number) / "trunk.safetensors").exists()

    last = next(m for m in members if m.record.steps == 32)
    plan = planned(request_of(parser().parse_args(words)), lambda *_: None).plan
    settings = replace(plan.base, seed=last.record.seed, steps=32)
    alone = run_trial(from_flat(last.record.configuration, settings), plan.task)
    assert same(weights(alone.student), weights(load_model(study.student_path(last.number))))
    assert alone.scores.values["f1_segment"] == last.measure("f1_segment")

    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    (run,) = client.search_runs([experiment], f"tags.`sedkd.trial` = '{last.number}'")
    assert run.data.tags["continues"] == str(last.record.continues)
    assert run.data.metrics["steps"] == 32
    history = [point.step for point in client.get_metric_history(run.info.run_id, "curve_loss")]
    assert history[0] == 1
    assert history[-1] == 32

    page = tmp_path / "page.html"
    assert main.main(["report", "--env", "farm", "--store", str(tmp_path / "runs"), "--out", str(page)]) == 0
    assert "of the students that were trained on" in page.read_text()

    count = len(study.optuna.trials)
    assert search.main(words) == 0
    assert len(study_of(tmp_path / "runs").optuna.trials) == count


@pytest.mark.slow
def test_ctrl_c_in_a_student_that_goes_on(farm, tmp_path, monkeypatch):
    from search.trials import training

    words = arguments(farm, 5, store=tmp_path / "runs", steps=8)
    real, calls = training.run_trial, []

    def interrupted(configuration, *rest, **more):
        calls.append(configuration.train.steps)
        if calls.count(8) == 1:
            raise KeyboardInterrupt
        return real(configuration, *rest, **more)

    monkeypatch.setattr(training, "run_trial", interrupted)
    assert search.main(words) == 130
    calls.clear()
    monkeypatch.setattr(training, "run_trial", real)
    assert search.main(words) == 0
    study = study_of(tmp_path / "runs")
    assert study.spent() == 5
    assert not study.running()
    assert not [
        m for m in front(study.finished(), study.objectives) if m.record.steps < 8 and m in students(study.finished())
    ]


@pytest.mark.slow
def test_one_that_diverges_on_the_way_is_left_where_it_was(farm, tmp_path, monkeypatch):
    from search.trials import training

    real = training.run_trial

    def diverging(configuration, *rest, **more):
        if configuration.train.steps == 8:
            raise FloatingPointError("the loss became nan")
        return real(configuration, *rest, **more)

    monkeypatch.setattr(training, "run_trial", diverging)
    assert search.main(arguments(farm, 4, store=tmp_path / "runs", steps=8)) == 0
    study = study_of(tmp_path / "runs")
    assert {m.record.steps for m in study.finished()} == {2}
    failed = [t for t in study.optuna.trials if t.state.name == "FAIL"]
    assert failed
    assert len({t.user_attrs["continues"] for t in failed}) == len(failed)


@pytest.mark.slow
def test_all_are_trained_to_the_end_where_that_is_asked_for(farm, tmp_path):
    words = [*arguments(farm, 2, store=tmp_path / "runs", steps=8), "--no-early-stopping"]
    assert search.main(words) == 0
    assert [m.record.steps for m in study_of(tmp_path / "runs").finished()] == [8, 8]

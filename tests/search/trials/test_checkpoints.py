"""A trial whose process is lost in mid-training goes on where it was kept, to the same student."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
import torch
from bands import same, weights
from killed_training import FEWEST_STEPS
from mlflow import MlflowClient
from postgres import needs_postgres, server
from small_study import arguments, write_farm

import search.pareto.rungs as rungs
import search.trials.checkpoints as checkpoints
from search.cli.search import main, parser, request_of
from search.setup.request import planned
from search.study.objectives import Objectives
from search.study.opening import load_study, open_study
from search.study.ownership import close_stale
from search.study.records import CONTINUES, INTERRUPTED, KEPT, OWNER, REASON, RESUMED, RETRIED, FinishedTrial
from search.study.store import Store, open_store
from search.study.view import StudyView
from search.trials.checkpoints import Checkpoints
from sedkd.models.checkpoint import load_model
from sedkd.train.trunk import Trunk
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import run_trial

STEPS = 24  # too few for two rungs
SPACE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.depth: {type: int, low: 2, high: 3}
  strategy: {type: choice, of: [response]}
  response.temperature: {type: float, low: 1, high: 4}
"""


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_farm(tmp_path_factory.mktemp("run"))
    (root.parent / "space.yaml").write_text(SPACE)
    return root


def killed(step: int, steps: int, words: Sequence[str]) -> None:
    """A search in a process of its own, to the moment at which it is killed."""
    command = [sys.executable, "-m", "killed_training", str(step), str(steps), *words]
    helpers = str(Path(__file__).parents[2] / "helpers")
    paths = os.pathsep.join([helpers, os.environ.get("PYTHONPATH", "")])
    # As many threads as the tests have: sums of others end in other last bits.
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr


def assert_as_uninterrupted(study: StudyView, member: FinishedTrial, words: Sequence[str]) -> None:
    """Weights, score and curve are those of a training that nobody disturbed."""
    plan = planned(request_of(parser().parse_args(words)), lambda *_: None).plan
    settings = replace(plan.base, seed=member.record.seed, steps=member.record.steps)
    alone = run_trial(from_flat(member.record.configuration, settings), plan.task)
    assert same(weights(alone.student), weights(load_model(study.student_path(member.number))))
    assert alone.scores.values["f1_segment"] == member.measure("f1_segment")
    own = [point for point in member.record.curve if point["steps"] == settings.steps]
    assert [point["loss"] for point in own[1:]] == [point.loss for point in alone.curve[-len(own) + 1 :]]
    assert [point["score"] for point in own] == [point.score for point in alone.curve[-len(own) :]]


def test_a_killed_trial_goes_on_from_its_checkpoint(farm, tmp_path, capsys):
    words = arguments(farm, 4, steps=STEPS, store=tmp_path / "runs")
    killed(6, STEPS, words)
    assert main(words) == 0
    assert "resumed at step 6" in capsys.readouterr().out
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    lost = study.optuna.trials[0]
    assert (lost.state.name, lost.user_attrs[KEPT]) == ("FAIL", 6)
    (again,) = (trial for trial in study.optuna.trials if RETRIED in trial.user_attrs)
    assert (again.user_attrs[RETRIED], again.user_attrs[RESUMED]) == (0, 6)
    assert again.params == lost.params
    (first,) = (member for member in study.finished() if member.number == again.number)
    assert [point["step"] for point in first.record.curve] == [6, 12, 18, 24]
    assert_as_uninterrupted(study, first, words)
    assert study.spent() == 4
    assert not list((study.folder / checkpoints.FOLDER).iterdir())

    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    (run,) = client.search_runs([experiment], f"tags.`sedkd.trial` = '{again.number}'")
    assert (run.data.tags[RESUMED], run.data.tags[RETRIED]) == ("6", "0")


@needs_postgres
@pytest.mark.slow
def test_another_machine_goes_on_with_a_student_that_was_trained_on(farm, tmp_path, monkeypatch):
    """Of which the machine that is gone had kept two checkpoints behind its last rung."""
    import psycopg

    with server() as running:
        where = {"steps": 4 * FEWEST_STEPS, "storage": running.address}
        killed(16, 4 * FEWEST_STEPS, arguments(farm, 4, store=tmp_path / "one", **where))
        time.sleep(1.5)  # its lease
        monkeypatch.setattr(rungs, "FEWEST_STEPS", FEWEST_STEPS)
        words = arguments(farm, 4, store=tmp_path / "two", **where)
        assert main(words) == 0
        study = load_study(Store(tmp_path / "two", running.address), "farm", None)
        (lost,) = (trial for trial in study.optuna.trials if trial.state.name == "FAIL")
        assert lost.user_attrs[KEPT] == 16
        again = [
            member
            for member in study.finished()
            if member.record.continues == lost.user_attrs[CONTINUES]
            and study.optuna.trials[member.number].user_attrs[RESUMED] == 16
        ]
        assert len(again) == 1
        assert [point["step"] for point in again[0].record.curve] == [2, 4, 6, 8, 16, 24, 32]
        assert_as_uninterrupted(study, again[0], words)
        with psycopg.connect(running.address) as connection:
            kept = connection.execute(
                "SELECT path FROM sedkd_files WHERE path LIKE %s", (f"{checkpoints.FOLDER}/%",)
            ).fetchall()
        assert not kept


def test_one_that_was_interrupted_goes_on_when_the_line_is_typed_again(farm, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "KEEP_SECONDS", 0.0)
    keep = checkpoints.Checkpoints.keep

    def interrupted(self: checkpoints.Checkpoints, trunk: Trunk) -> None:
        keep(self, trunk)
        raise KeyboardInterrupt

    words = arguments(farm, 4, steps=STEPS, store=tmp_path / "runs")
    monkeypatch.setattr(checkpoints.Checkpoints, "keep", interrupted)
    assert main(words) == 130
    monkeypatch.setattr(checkpoints.Checkpoints, "keep", keep)
    assert main(words) == 0
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    again = [trial for trial in study.optuna.trials if RETRIED in trial.user_attrs]
    assert [(trial.user_attrs[RETRIED], trial.user_attrs[RESUMED], trial.state.name) for trial in again] == [
        (0, 6, "COMPLETE")
    ]
    assert again[0].params == study.optuna.trials[0].params


def test_what_ctrl_c_ended_is_not_lost(tmp_path):
    """By whomever it was put down: where something was kept it goes on, also where it was lost before."""
    study = open_study(open_store(str(tmp_path)), "farm", {"environment": "farm"}, Objectives(("f1_segment", "macs")))
    for kept, interrupted in ((False, False), (True, True), (False, True)):
        trial = study.optuna.ask()
        trial.suggest_int("width", 2, 8)
        trial.set_user_attr(OWNER, "a process that is gone")
        if kept:
            trial.set_user_attr(KEPT, 100)
        assert close_stale(study, interrupted) == [trial.number]
    trials = study.optuna.trials
    assert [trial.user_attrs.get(RETRIED) for trial in trials] == [None, 0, 1]
    assert [trial.user_attrs.get(REASON) for trial in trials] == [None, INTERRUPTED, INTERRUPTED]


def test_a_trial_that_is_lost_again_and_again_is_left(tmp_path):
    """Tried once more, and again only as long as each goes further than the one before."""
    study = open_study(open_store(str(tmp_path)), "farm", {"environment": "farm"}, Objectives(("f1_segment", "macs")))
    for resumed in (None, 100, 200, 200):
        trial = study.optuna.ask()
        trial.suggest_int("width", 2, 8)
        trial.set_user_attr(OWNER, "a machine that is gone")
        if resumed:
            trial.set_user_attr(RESUMED, resumed)
        assert close_stale(study) == [trial.number]
    trials = study.optuna.get_trials(states=(optuna.trial.TrialState.WAITING,))
    assert not trials
    assert [trial.user_attrs.get(RETRIED) for trial in study.optuna.trials] == [None, 0, 1, 2]


def test_the_farthest_checkpoint_counts_wherever_it_lies(tmp_path: Path) -> None:
    """A machine that comes back has an older one of its own than the one that another shared since."""
    shared: dict[str, bytes] = {}

    def machine(name: str) -> Checkpoints:
        folder = tmp_path / name

        def fetch(file: Path, anew: bool = False) -> None:
            if file.name in shared and (anew or not file.exists()):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(shared[file.name])

        view: Any = SimpleNamespace(
            folder=folder, fetch=fetch, share=lambda file: shared.__setitem__(file.name, file.read_bytes())
        )
        trial: Any = SimpleNamespace(set_user_attr=lambda *_: None, user_attrs={})
        return Checkpoints(view, trial, "key")

    def trunk(step: int) -> Trunk:
        return Trunk(step, 0, {"w": torch.zeros(1)}, [{"seconds": float(step)}])

    machine("one").keep(trunk(600))
    other = machine("other")
    latest = other.latest()
    assert latest is not None
    assert latest.step == 600
    other.keep(trunk(1800))
    for name in ("one", "other", "third"):
        latest = machine(name).latest()
        assert latest is not None
        assert latest.step == 1800

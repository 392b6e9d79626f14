"""One search, two machines, MLflow's server over PostgreSQL, which is killed in mid-study and told the rest later."""

import os
import time
from pathlib import Path

import pytest
from machines import begin, study_name, words_of
from mlflow import MlflowClient
from mlflow_server import mlflow_server
from postgres import needs_postgres, server
from small_study import finish, write_farm

from search.cli.main import main
from search.pareto.front import front
from search.study.opening import load_study
from search.study.store import STUDENT_FILE, Store
from search.study.view import StudyView

TRIALS = 12


def until_spent(study: StudyView, trials: int) -> None:
    latest = time.monotonic() + 180
    while study.spent() < trials:
        assert time.monotonic() < latest
        time.sleep(0.1)


@needs_postgres
@pytest.mark.slow
def test_a_server_that_is_killed_in_mid_study_is_told_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm = write_farm(tmp_path)
    without = tmp_path / "without" / "mlflow"  # a machine on which MLflow is not installed
    without.mkdir(parents=True)
    (without / "__init__.py").write_text("raise ImportError('MLflow is not installed here')")
    with server() as databases:
        studies, runs = databases.database("studies"), databases.database("runs")
        driver = runs.replace("postgresql://", "postgresql+psycopg://")
        with mlflow_server(tmp_path, driver) as tracking:
            tracking.start()
            words = words_of(farm, TRIALS, 1)
            search = begin("search.cli.search", words, tmp_path / "one", studies, MLFLOW_TRACKING_URI=tracking.address)
            name = study_name(studies, tmp_path, search)
            paths = {"PYTHONPATH": os.pathsep.join([str(without.parent), os.environ.get("PYTHONPATH", "")])}
            worker = begin("search.cli.main", ["worker", "--join", name], tmp_path / "two", studies, **paths)
            study = load_study(Store(tmp_path / "look", studies), None, name)
            until_spent(study, 2)
            tracking.kill()
            finish(worker)
            said = finish(search)
            assert said.count("MLflow was not told") == 1
            assert study.spent() == TRIALS
            assert len({trial.user_attrs["owner"] for trial in study.optuna.trials}) == 2

            tracking.start()
            monkeypatch.setenv("SEDKD_STORE", str(tmp_path / "one" / "runs"))
            monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.address)
            assert main(["sync", "--study", name, "--storage", studies]) == 0
            assert_equal(MlflowClient(tracking.address), study, tmp_path)


def assert_equal(client: MlflowClient, study: StudyView, folder: Path) -> None:
    """MLflow holds what the study does, and the front's students through its proxy."""
    experiment = client.get_experiment_by_name("sedkd-farm")
    assert experiment.artifact_location.startswith("mlflow-artifacts:/")
    runs = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'trial'", max_results=1000)
    found = {int(run.data.tags["sedkd.trial"]): run for run in runs}
    assert len(found) == len(runs)
    assert {run.info.status for run in found.values()} <= {"FINISHED", "FAILED"}
    told = {number: "stopped" in run.data.tags for number, run in found.items() if run.info.status == "FINISHED"}
    early = {trial.number for trial in study.ended_early()}
    assert told == {number: number in early for number in early | {trial.number for trial in study.finished()}}
    members = front(study.finished(), study.objectives)
    assert {number for number, run in found.items() if run.data.tags.get("on_front") == "true"} == {
        member.number for member in members
    }
    for trial in study.finished():
        for score in ("f1_segment", "macs"):
            assert found[trial.number].data.metrics[score] == pytest.approx(trial.measure(score))
    for member in members:
        run = found[member.number].info.run_id
        (path,) = [each.path for each in client.list_artifacts(run) if each.path.endswith(STUDENT_FILE)]
        here = client.download_artifacts(run, path, str(folder))
        assert Path(here).read_bytes() == study.student_path(member.number).read_bytes()

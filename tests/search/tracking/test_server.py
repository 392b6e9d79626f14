"""One search, two machines, MLflow's server over PostgreSQL, which is killed in mid-study and told the rest later."""

import os
import time
from pathlib import Path

import pytest
from machines import begin, study_name, words_of
from mlflow import MlflowClient
from mlflow_server import assert_equal, mlflow_server
from postgres import needs_postgres, server
from small_study import finish, write_farm

from search.cli.main import main
from search.study.opening import load_study
from search.study.store import Store
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
            assert "View run" not in said  # MLflow prints two lines for each run that a server is told of
            assert study.spent() == TRIALS
            assert len({trial.user_attrs["owner"] for trial in study.optuna.trials}) == 2

            tracking.start()
            monkeypatch.setenv("SEDKD_STORE", str(tmp_path / "one" / "runs"))
            monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.address)
            assert main(["sync", "--study", name, "--storage", studies]) == 0
            assert_equal(MlflowClient(tracking.address), study, tmp_path)

"""A search and two workers, each on a machine of its own, MLflow's server, and twenty kills at random moments."""

import random
import signal
import subprocess
import time
from collections import Counter
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

KILLS, TRIALS = 20, 60


@needs_postgres
@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm, chance, killed = write_farm(tmp_path), random.Random(1), Counter[str]()
    with server() as running:
        studies, runs = running.database("studies"), running.database("runs")
        with mlflow_server(tmp_path, runs.replace("postgresql://", "postgresql+psycopg://")) as tracking:
            tracking.start()
            lines = {"driver": ("search.cli.search", words_of(farm, TRIALS, 4))}
            told = {"driver": {"MLFLOW_TRACKING_URI": tracking.address}}  # nobody else speaks with MLflow
            there: dict[str, subprocess.Popen] = {}

            def ensure(who: str) -> None:
                if who not in there or there[who].poll() is not None:
                    there[who] = begin(*lines[who], tmp_path / who, studies, **told.get(who, {}))

            ensure("driver")
            name = study_name(studies, tmp_path, there["driver"])
            lines |= {who: ("search.cli.main", ["worker", "--join", name]) for who in ("first", "second")}
            study = load_study(Store(tmp_path / "look", studies), None, name)
            for _ in range(KILLS):
                for who in lines:
                    ensure(who)
                time.sleep(chance.uniform(2, 12))
                if tracking.process is None:  # it was gone since the last kill
                    tracking.start()
                victim = chance.choice([*lines, "database", "mlflow"])
                killed[victim] += 1
                if victim == "database":
                    running.stop("immediate")
                    running.start()
                elif victim == "mlflow":
                    tracking.kill()
                else:
                    there[victim].send_signal(signal.SIGKILL)
                    there[victim].wait()
            print(dict(killed), "killed;", study.spent(), "of", TRIALS, "trials had ended by then")
            for who in ("first", "second"):
                there[who].terminate()
                there[who].wait()
            if tracking.process is None:
                tracking.start()
            ensure("driver")
            finish(there["driver"], timeout=900)

            assert study.spent() >= TRIALS
            assert not study.running()
            configurations = [str(sorted(trial.record.configuration.items())) for trial in study.finished()]
            assert len(set(configurations)) == len(configurations)  # none was trained twice by one seed
            seconds = [t.record.second_seed_of for t in study.trained() if t.record.second_seed_of is not None]
            assert len(set(seconds)) == len(seconds)  # nor by the second one
            for trial in study.trained():
                assert list(trial.values) == list(trial.record.values)
                assert study.student_path(trial.number).exists()
            monkeypatch.setenv("SEDKD_STORE", str(tmp_path / "driver" / "runs"))
            monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.address)
            assert main(["sync", "--study", name, "--storage", studies]) == 0
            assert_equal(MlflowClient(tracking.address), study, tmp_path)

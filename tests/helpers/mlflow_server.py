"""MLflow's real server, for tests: artifacts go through its proxy. And what it must hold of a study."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient

from search.pareto.front import front
from search.study.store import STUDENT_FILE
from search.study.view import StudyView

START_SECONDS = 180


class MLflowServer:
    """`address` is what MLFLOW_TRACKING_URI takes, also before it runs; `database` is its own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        stores = ["--backend-store-uri", self.database, "--artifacts-destination", str(self.folder)]
        environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *where, *stores],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        latest = time.monotonic() + START_SECONDS
        while time.monotonic() < latest:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """It and the processes that it started."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def mlflow_server(folder: Path, database: str | None = None) -> Iterator[MLflowServer]:
    """One that is not started yet, over SQLite in `folder` or another database."""
    server = MLflowServer(folder, database or f"sqlite:///{folder / 'served.db'}")
    try:
        yield server
    finally:
        server.kill()


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
    assert told == {number: number in early for number in early | {trial.number for trial in study.trained()}}
    members = front(study.finished(), study.objectives)
    assert {number for number, run in found.items() if run.data.tags.get("on_front") == "true"} == {
        member.number for member in members
    }
    for trial in study.trained():
        for score in ("f1_segment", "macs"):
            assert found[trial.number].data.metrics[score] == pytest.approx(trial.measure(score))
    for member in members:
        run = found[member.number].info.run_id
        (path,) = [each.path for each in client.list_artifacts(run) if each.path.endswith(STUDENT_FILE)]
        here = client.download_artifacts(run, path, str(folder))
        assert Path(here).read_bytes() == study.student_path(member.number).read_bytes()

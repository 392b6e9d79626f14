"""MLflow that cannot be reached does not stop a search, and `sedkd sync` tells it later, as often as one likes."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from mlflow import MlflowClient
from small_study import arguments, write_farm

from search.cli import main, search
from search.study.opening import load_study
from search.study.store import open_store
from search.tracking.mirror import attempt


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """Starts MLflow's real server on a port, when called; it is stopped in the end."""
    running = []

    def begin(port: int) -> None:
        where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        stores = [
            "--backend-store-uri",
            f"sqlite:///{tmp_path / 'served.db'}",
            "--artifacts-destination",
            str(tmp_path),
        ]
        environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        command = [sys.executable, "-m", "mlflow", "server", *where, *stores]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    yield begin
    for process in running:
        process.terminate()
        process.wait(30)


def everything(client: MlflowClient) -> dict[str, tuple]:
    """Name, status, metrics, parameters and tags of every run."""
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    runs = client.search_runs([experiment])
    return {r.info.run_name: (r.info.status, r.data.metrics, r.data.params, r.data.tags) for r in runs}


@pytest.mark.slow
def test_it_is_told_later_and_twice_is_once(tmp_path, monkeypatch, capsys, server):
    farm, port, store = write_farm(tmp_path), free_port(), str(tmp_path / "runs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    start = time.monotonic()
    assert search.main(arguments(farm, 4)) == 0
    out = capsys.readouterr().out
    assert out.count("MLflow was not told") == 1  # once, not after every trial
    assert "`sedkd sync` tells it later" in out
    assert "the front of 4 trials" in out
    assert time.monotonic() - start < 200
    assert load_study(open_store(store), "farm", None).spent() == 4

    assert main.main(["sync", "--env", "farm", "--store", store]) == 2
    assert "was not told" in capsys.readouterr().err

    server(port)
    assert main.main(["sync", "--store", store]) == 0
    assert "MLflow is up to date" in capsys.readouterr().out
    client = MlflowClient(f"http://127.0.0.1:{port}")
    told = everything(client)
    assert sorted(name for name in told if name.startswith("trial")) == [f"trial {i:04d}" for i in range(4)]
    assert all(status == "FINISHED" for status, *_ in told.values())
    assert any("test_f1_segment" in metrics for _, metrics, _, _ in told.values())
    parent = next(found for name, found in told.items() if name.startswith("farm-"))
    assert "teacher_test_f1_segment" in parent[1]

    assert main.main(["sync", "--store", store]) == 0
    assert everything(client) == told


def test_only_what_mlflow_may_answer_is_forgiven():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt(broken)
    assert attempt(lambda: None) is None

    def unreachable():
        raise ConnectionRefusedError("nobody there")

    assert attempt(unreachable) == "nobody there"

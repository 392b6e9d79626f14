"""MLflow that cannot be reached does not stop a search, and `sedkd sync` tells it later, as often as one likes."""

import time

import pytest
from mlflow import MlflowClient
from mlflow_server import mlflow_server
from small_study import arguments, write_farm

from search.cli import main, search
from search.study.opening import load_study
from search.study.store import open_store
from search.tracking.mirror import attempt


@pytest.fixture
def server(tmp_path):
    """MLflow's real server, which is not started yet."""
    with mlflow_server(tmp_path) as made:
        yield made


def everything(client: MlflowClient) -> dict[str, tuple]:
    """Name, status, metrics, parameters and tags of every run."""
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    runs = client.search_runs([experiment])
    return {r.info.run_name: (r.info.status, r.data.metrics, r.data.params, r.data.tags) for r in runs}


@pytest.mark.slow
def test_it_is_told_later_and_twice_is_once(tmp_path, monkeypatch, capsys, server):
    farm, store = write_farm(tmp_path), str(tmp_path / "runs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
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

    server.start()
    assert main.main(["sync", "--store", store]) == 0
    assert "MLflow is up to date" in capsys.readouterr().out
    client = MlflowClient(server.address)
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

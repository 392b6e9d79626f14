"""`sedkd ui` with MLflow's own server."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from browser import until
from invented_study import invented_study

from search.study.objectives import Objectives
from search.study.store import Store
from search.tracking.tracker import Tracker

F1_MACS = Objectives(("f1_segment", "macs"))
NAMES = ("mlflow", "random", "queue", "json", "uvicorn", "fastapi", "sqlalchemy", "click")


def answer(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as page:
            return page.read().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.slow
def test_the_server_takes_no_module_of_the_folder_and_any_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    here = tmp_path / "here"
    here.mkdir()
    for name in NAMES:
        (here / f"{name}.py").write_text(f"open({str(tmp_path / name)!r}, 'w').close()\nraise SystemExit('{name}')\n")
    store = Store(tmp_path / "a%2Fb c?d#e")
    store.root.mkdir()
    study = invented_study(F1_MACS, 3, storage=store.storage.trials(), store=store)
    tracker = Tracker(study)
    tracker.close("FINISHED")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # as the installed `sedkd` begins
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    code = (
        "import os, sys; os.environ.pop('PYTHONSAFEPATH'); import search.cli.main as m; sys.exit(m.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "ui", "--store", str(store.root), "--port", str(port)],
        cwd=here, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: answer(f"{address}/health") == "OK" or process.poll() is not None, 90, "the server answers")
        assert process.poll() is None, process.communicate()[0]
        assert "mlflow" in answer(address).lower()
        experiment = answer(f"{address}/api/2.0/mlflow/experiments/get-by-name?experiment_name=sedkd-farm")
        assert '"name": "sedkd-farm"' in experiment
        page = answer(f"{address}/get-artifact?path=front.csv&run_uuid={tracker.parent}")
        assert page.startswith("trial,pick,")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert [name for name in NAMES if (tmp_path / name).exists()] == []
    assert sorted(p.name for p in here.iterdir()) == sorted(f"{name}.py" for name in NAMES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a%2Fb c?d#e", "here"]

"""MLflow's client on a store that several processes begin at once, as two searches in two terminals do."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

BEGIN = """
import sys, time
from pathlib import Path
import mlflow
from search.study.store import Store
from search.tracking.client import experiment_of, quiet_client
store = Store(Path(sys.argv[1]))
store.root.mkdir(exist_ok=True)
print("ready", flush=True)
sys.stdin.readline()
print(experiment_of(quiet_client(store), store, "farm"))
"""


@pytest.mark.slow
def test_processes_that_begin_a_store_at_once_share_it(tmp_path: Path) -> None:
    words = [sys.executable, "-c", BEGIN, str(tmp_path / "runs")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    for _ in range(3):
        processes = [subprocess.Popen(words, **pipes) for _ in range(3)]
        for process in processes:
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            process.stdin.write("now\n")
            process.stdin.flush()
        told = [process.communicate(timeout=120) for process in processes]
        assert {found.strip() for found, _ in told} == {"1"}, told
        (tmp_path / "runs").rename(tmp_path / f"done {time.monotonic()}")

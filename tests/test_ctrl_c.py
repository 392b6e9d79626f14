"""Ctrl-C of a terminal, which reaches every process of a command, while its processes begin."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import os, signal, threading, time
from pathlib import Path

def soon():
    time.sleep(0.15)  # they import by now
    os.killpg(os.getpgid(0), signal.SIGINT)
"""
WORKERS = (
    HEAD
    + """
from search.run.stop import Stop
from search.run.workers import Processes

class Work:
    def __call__(self, number, teller):
        while True:
            time.sleep(0.05)
            teller.stage("training", 0, 1)

if __name__ == "__main__":
    stop = Stop.installed()
    processes = Processes(Work(), 2, lambda *_: None, lambda *_: None)
    threading.Thread(target=soon).start()
    try:
        processes.run(lambda: stop.asked)
    except KeyboardInterrupt:
        print("interrupted")
"""
)
POOL = (
    HEAD
    + """
from sedkd.parallel import results

def slow(number):
    time.sleep(0.2)
    return number

if __name__ == "__main__":
    threading.Thread(target=soon).start()
    try:
        print(list(results(slow, range(20), 100.0, 0.0)))
    except KeyboardInterrupt:
        print("interrupted")
"""
)


@pytest.mark.parametrize("script", [WORKERS, POOL], ids=["workers", "pool"])
def test_processes_that_begin_are_silent(script: str, tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text(script)
    process = subprocess.Popen(
        [sys.executable, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    try:
        said, errors = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert (said, errors) == ("interrupted\n", "")

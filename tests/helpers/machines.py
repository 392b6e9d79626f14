"""Commands on machines of their own: working directory, store and cache are a folder, trials lie on a server."""

import os
import subprocess
import sys
import time
from pathlib import Path

from small_study import arguments

from search.study.opening import load_study
from search.study.store import Store


def begin(module: str, words: list[str], folder: Path, address: str, **more: str) -> subprocess.Popen:
    """A command on the machine that is `folder`; `more` are variables of its own."""
    folder.mkdir(exist_ok=True)
    own = {"SEDKD_STORAGE": address, "SEDKD_STORE": str(folder / "runs"), "SEDKD_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env={**os.environ, **own, "OMP_NUM_THREADS": "1", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def words_of(farm: Path, trials: int, seed: int) -> list[str]:
    """A small search's line, without a store: that is the machine's."""
    found = arguments(farm, trials, seed=seed)
    place = found.index("--store")
    return found[:place] + found[place + 2 :]


def study_name(address: str, folder: Path, process: subprocess.Popen) -> str:
    """The name of the study that the search began, as soon as it is there."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            return load_study(Store(folder / "look", address), "farm", None).name
        except Exception:
            time.sleep(0.5)
    raise AssertionError(process.communicate()[1])

"""A comparison whose students several processes train: the same students, whoever is killed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from small_comparison import result_of, shown, words
from small_study import arguments, finish, start, workers_of, write_farm

from search.cli import search
from search.cli.search import request_of
from search.run.sharing import Sharing
from search.run.stop import Stop
from search.setup.request import planned
from search.show.display import Display
from search.study.opening import load_study
from search.trials.confirmation import SEEDS, confirm

pytestmark = pytest.mark.slow

MEASURED = {"cost": None, "seconds": None}


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries for every arm, and no third seed."""
    monkeypatch.setattr("sedkd.compare.choice.FINALISTS", 1)
    monkeypatch.setattr("sedkd.compare.tries._RATES_OF", {1: (1e-2,), 2: (1e-2,), 4: (1e-2,)})


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    return write_farm(tmp_path)


def students(farm: Path) -> list[Path]:
    return sorted((farm.parent / "runs" / "comparisons").glob("*/students/*.safetensors"))


def test_two_processes_train_what_one_trains(farm: Path, capsys: pytest.CaptureFixture) -> None:
    out = shown(capsys, words(farm, workers=2))
    assert " students, 2 at once ..." in out
    shared = result_of(farm.parent)
    made = {path.name for path in students(farm)}
    (farm.parent / "runs").rename(farm.parent / "shared")
    assert "at once" not in shown(capsys, words(farm, workers=1))
    alone = result_of(farm.parent)
    assert {path.name for path in students(farm)} == made
    assert alone["pairs"] == shared["pairs"]
    for mine, other in zip(alone["arms"], shared["arms"], strict=True):
        assert {**mine, **MEASURED} == {**other, **MEASURED}


def test_a_killed_process_loses_no_student(farm: Path) -> None:
    process = start("search.cli.main", *words(farm, workers=2, steps=60), cwd=farm.parent)
    kill_one_of(process, farm)
    out, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    assert "died (SIGKILL); another takes its place" in out


def test_an_interrupted_comparison_goes_on(farm: Path) -> None:
    process = start("search.cli.main", *words(farm, workers=2, steps=60), cwd=farm.parent)
    wait_for_a_student(process, farm)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    before = {path: path.stat().st_mtime_ns for path in students(farm)}
    assert before
    finish(start("search.cli.main", *words(farm, workers=2, steps=60), cwd=farm.parent))
    assert {path: path.stat().st_mtime_ns for path in before} == before  # none was trained again


def test_two_processes_confirm_what_one_would(farm: Path) -> None:
    line = arguments(farm, 4, steps=20)
    assert search.main(line) == 0
    request = request_of(search.parser().parse_args(line))
    study = load_study(request.store, "farm", None)
    members = study.finished()[:2]
    with Display() as display:
        sharing = Sharing(2, "cpu", display, Stop.installed())
        sharing.confirming(request, study.name, members, 20, study.folder)
    places = {m.number: sorted(study.trial_folder(m.number).glob("confirmed-*.json")) for m in members}
    assert [len(paths) for paths in places.values()] == [SEEDS, SEEDS]
    shared = [path.read_text() for paths in places.values() for path in paths]
    for paths in places.values():
        for path in paths:
            path.unlink()
    assert confirm(study, planned(request, lambda *_: None).plan, members, 2) == {}
    assert [path.read_text() for paths in places.values() for path in paths] == shared


def wait_for_a_student(process: subprocess.Popen, farm: Path) -> None:
    end = time.monotonic() + 240
    while not students(farm):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def kill_one_of(process: subprocess.Popen, farm: Path) -> None:
    wait_for_a_student(process, farm)
    os.kill(workers_of(process)[0], signal.SIGKILL)

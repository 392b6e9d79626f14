"""How many trials are trained at once where nobody said."""

import os
import sys
from pathlib import Path

import pytest

import search.cli.search
from search.setup import workers
from search.setup.workers import STEPS_OF_A_WORKER, workers_for
from sedkd import parallel


@pytest.mark.parametrize(
    ("cores", "gigabytes", "steps", "device", "wanted"),
    [
        (4, 64, 30_000, "cpu", 4),  # one a core
        (4, 64, 3 * STEPS_OF_A_WORKER - 1, "cpu", 2),  # with enough to do for each
        (4, 64, 0, "cpu", 1),
        (4, 6, 30_000, "cpu", 3),  # as far as memory goes
        (4, 0.5, 30_000, "cpu", 1),
        (4, None, 30_000, "cpu", 4),  # a system that does not tell its memory
        (64, 500, 100_000, "cpu", parallel.MAX_WORKERS),
        (4, 64, 30_000, "cuda", 1),
    ],
)
def test_as_many_as_pay(
    cores: int, gigabytes: float | None, steps: int, device: str, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = None if gigabytes is None else int(gigabytes * 1e9)
    monkeypatch.setattr(workers, "is_command", lambda: True)
    monkeypatch.setattr(workers, "cores", lambda: cores)
    monkeypatch.setattr(workers, "free_memory", lambda: memory)
    assert workers_for(steps, device) == wanted


TOLD = pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no /proc/meminfo: not Linux")


@TOLD
def test_memory_is_that_of_this_machine_at_most() -> None:
    free = parallel.free_memory()
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(("told", "wanted"), [("150000 100000", 2), ("30000 100000", 1), ("max 100000", None)])
def test_a_containers_share_of_the_cores(
    told: str, wanted: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(parallel, "CGROUP", tmp_path)
    (tmp_path / "cpu.max").write_text(told + "\n")
    assert parallel.cores() == (wanted or 16)


@TOLD
def test_a_containers_share_of_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CGROUP", tmp_path)
    for name, told in {"max": "9000000", "current": "5000000", "stat": "anon 1\ninactive_file 1000000"}.items():
        (tmp_path / f"memory.{name}").write_text(told)
    assert parallel.free_memory() == 5_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert (parallel.free_memory() or 0) > 5_000_000


@pytest.mark.parametrize(
    ("begun", "wanted"),
    [
        ("/home/ann/.venv/bin/sedkd-search", True),
        ("C:/Python/Scripts/sedkd.exe", True),
        (search.cli.search.__file__, True),  # python -m search.cli.search
        ("/home/ann/main.py", False),
        ("-c", False),
        ("", False),
    ],
)
def test_only_a_command_starts_others_by_itself(begun: str, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [begun])
    assert workers.is_command() == wanted

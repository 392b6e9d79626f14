"""The same work on many things, in several processes where that pays."""

import multiprocessing
import os
import platform
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

CGROUP = Path("/sys/fs/cgroup")  # of version 2, as a container sees its own
MAX_WORKERS = 8  # each holds what it imports, some hundred megabytes with torch


def cores() -> int:
    """The cores that this process may use, also where a container has a share of its machine's."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, (CGROUP / "cpu.max").read_text().split())
    except (OSError, ValueError):  # no group, or one without a limit, which says "max"
        return there
    return max(min(there, round(quota / period)), 1)


def free_memory() -> int | None:
    """Bytes of memory that processes may still take here, also where a container has less than its machine; None where
    the system does not tell."""
    try:
        told = dict(line.split()[:2] for line in Path("/proc/meminfo").read_text().splitlines())
        free = 1024 * int(told["MemAvailable:"])
    except (OSError, KeyError, ValueError):
        return None
    try:
        most, used = (int((CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        kept = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        return min(free, most - used + int(kept["inactive_file"]))
    except (OSError, KeyError, ValueError):  # as above
        return free


def processor() -> str:
    """What the machine's processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def results(
    work: Callable[[Job], Result], jobs: Sequence[Job], seconds: float, start_seconds: float, chunk: int = 1
) -> Generator[Result, None, None]:
    """`work(job)` of every job, in order; in parallel where that pays.

    `seconds` is what one job costs on one core, `start_seconds` what it takes until a process is ready; `chunk` jobs
    travel together. Processes are spawned, not forked (torch's threads do not survive a fork): `work` must be a
    module's function. Close the iterator (`contextlib.closing`) to end the processes when the rest is not wanted.
    """
    workers, done = min(cores(), MAX_WORKERS, len(jobs)), 0
    # A process of a pool has a parent: the cores are taken already.
    nested = multiprocessing.parent_process() is not None
    if not nested and len(jobs) * seconds * (1 - 1 / max(workers, 1)) > start_seconds:
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
        try:
            with ctrl_c_waits():
                found = pool.map(work, jobs, chunksize=chunk)  # starts the processes
            for result in found:
                yield result
                done += 1
        except BrokenProcessPool:
            pass  # e.g. a script read from stdin, which a new process cannot import: do the rest here
        finally:
            pool.shutdown(cancel_futures=True)
    yield from map(work, jobs[done:])


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Processes started in here hear of Ctrl-C, which reaches all of a terminal's, when they call `hear_ctrl_c`: in the
    midst of their imports it would end them with a traceback."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # what starts first with a process, and lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hear_ctrl_c() -> None:
    """What came while this process began is heard now."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def require_started() -> None:
    """RuntimeError in a process that is only reading its script on its way to becoming somebody's worker.

    Such a script calls what starts workers without asking whether it is the main one. Were it to wait here for what
    another process holds, both would wait for ever.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("put what your script does under `if __name__ == '__main__':`; workers read it as well")


def _begin() -> None:
    """A worker keeps to one core, leaves Ctrl-C to the process that started it, and ends when that one is killed."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read by torch and numpy when they are loaded
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hear_ctrl_c()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

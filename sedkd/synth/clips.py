"""Rendering many clips, in this process or in several, and writing them down."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

import numpy as np

Job = TypeVar("Job")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with (clips done, clips in all)."""

CLIP_COST_SECONDS = 0.025  # of one clip on one core, to see whether processes pay
POOL_COST_SECONDS = 1.5  # for processes to start and import numpy and scipy


def write_clip(path: Path, audio: np.ndarray, rate: int) -> None:
    """Write float32 [samples] within -1..1 as 16-bit PCM wav."""
    import soundfile

    soundfile.write(str(path), audio, rate, subtype="PCM_16")


def run_all(
    work: Callable[[Job], Result], jobs: Sequence[Job], cost: float, progress: Progress | None = None
) -> list[Result]:
    """[work(job) for job in jobs], in parallel where that pays; `cost` in seconds per job.

    Processes are spawned, not forked (torch's threads do not survive a fork): `work` must be a module's function.
    """
    workers = min(os.cpu_count() or 1, len(jobs))
    # A process of a pool has a parent: the cores are taken already.
    nested = multiprocessing.parent_process() is not None
    if not nested and len(jobs) * cost * (1 - 1 / max(workers, 1)) > POOL_COST_SECONDS:
        try:
            with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
                return _counted(pool.map(work, jobs, chunksize=max(1, len(jobs) // (4 * workers))), len(jobs), progress)
        except BrokenProcessPool:
            pass  # e.g. a script read from stdin, which a new process cannot import: do it here
    return _counted(map(work, jobs), len(jobs), progress)


def _counted(results: Iterator[Result], total: int, progress: Progress | None) -> list[Result]:
    done = []
    for result in results:
        done.append(result)
        if progress is not None:
            progress(len(done), total)
    return done

"""Rendering many clips, in this process or in several, and writing them down."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from sedkd.disk.wav_file import write_wav
from sedkd.parallel import Job, Result, cores, results

Progress = Callable[[int, int], None]
"""Called with (clips done, clips in all)."""

CLIP_COST_SECONDS = 0.025  # of one clip on one core, to see whether processes pay
POOL_COST_SECONDS = 1.5  # for processes to start and import numpy and scipy


def write_clip(path: Path, audio: np.ndarray, rate: int) -> None:
    """Write float32 [samples] within -1..1 as 16-bit PCM wav."""
    write_wav(path, audio, rate, "PCM_16")


def run_all(
    work: Callable[[Job], Result], jobs: Sequence[Job], cost: float, progress: Progress | None = None
) -> list[Result]:
    """[work(job) for job in jobs], in parallel where that pays; `cost` in seconds per job (see `parallel.results`)."""
    chunk = max(1, len(jobs) // (4 * cores()))
    with closing(results(work, jobs, cost, POOL_COST_SECONDS, chunk)) as found:
        done = []
        for result in found:
            done.append(result)
            if progress is not None:
                progress(len(done), len(jobs))
        return done

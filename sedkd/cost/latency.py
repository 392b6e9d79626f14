"""Measured time of a model on one CPU thread."""

import statistics
import time
from collections.abc import Callable

import torch

from sedkd.models.frame import FrameModel

RUNS = 5
SECONDS = 10.0


def latency_ms_per_second(model: FrameModel) -> float:
    """Median milliseconds per second of audio, network only, one CPU thread, batch 1, 10 s windows."""
    frames = round(SECONDS / model.frame_seconds)
    example = torch.zeros(1, frames * model.stride, model.features.n_mels)
    threads, device = torch.get_num_threads(), next(model.parameters()).device
    torch.set_num_threads(1)
    try:
        model.eval().cpu()
        with torch.inference_mode():
            seconds = median_seconds(lambda: model(example))
    finally:
        torch.set_num_threads(threads)
        model.to(device)
    return 1000 * seconds / (SECONDS + model.delay * model.frame_seconds)


def median_seconds(run: Callable[[], object]) -> float:
    """Of RUNS runs, behind one that does not count."""
    run()
    return statistics.median(_timed(run) for _ in range(RUNS))


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start

"""Measured time of a model on one CPU thread."""

import statistics
import time

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
            model(example)
            times = [_timed(model, example) for _ in range(RUNS)]
    finally:
        torch.set_num_threads(threads)
        model.to(device)
    return 1000 * statistics.median(times) / (SECONDS + model.delay * model.frame_seconds)


def _timed(model: FrameModel, example: torch.Tensor) -> float:
    start = time.perf_counter()
    model(example)
    return time.perf_counter() - start

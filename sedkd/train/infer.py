"""A model's answers for whole recordings."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.train.corpus import Corpus
from sedkd.windows import Window, plan, window_sizes

BATCH_SECONDS = 320.0  # audio per forward pass


def probabilities(model: FrameModel, corpus: Corpus) -> list[np.ndarray]:
    """Per recording, the probability of each label in each output frame, `[frames, labels]` float32."""
    lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()
    answers = [np.zeros((length, len(model.labels)), dtype=np.float32) for length in lengths]
    for recording, window, output in windowed_outputs(model, corpus):
        kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
        answers[recording][window.keep_start : window.keep_stop] = (
            torch.sigmoid(output.logits[kept]).float().cpu().numpy()
        )
    return answers


def windowed_outputs(
    model: FrameModel, corpus: Corpus, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[int, Window, FrameOutput]]:
    """Run `model` over every window of every recording: recording index, window, its output `[frames, ...]`.

    Windows of one length go through the model together.
    """
    device = next(model.parameters()).device
    size, context = window_sizes(model.frame_seconds)
    jobs: dict[int, list[tuple[int, Window]]] = {}
    for recording, length in enumerate((corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()):
        for window in plan(length, size, context):
            jobs.setdefault(window.stop - window.start, []).append((recording, window))
    total, done = sum(map(len, jobs.values())), 0
    model.eval()
    for length, same in jobs.items():
        count = max(int(BATCH_SECONDS / (length * model.frame_seconds)), 1)
        for first in range(0, len(same), count):
            chunk = same[first : first + count]
            with torch.inference_mode():
                output = model(_features(corpus, chunk, length).to(device))
            done += len(chunk)
            if progress:
                progress(done, total)
            for i, (recording, window) in enumerate(chunk):
                feature_map = None if output.feature_map is None else output.feature_map[i]
                yield recording, window, FrameOutput(output.logits[i], output.embedding[i], feature_map)


def _features(corpus: Corpus, chunk: list[tuple[int, Window]], length: int) -> Tensor:
    recordings = torch.tensor([recording for recording, _ in chunk], device=corpus.starts.device)
    first = torch.tensor([window.start for _, window in chunk], device=corpus.starts.device)
    return corpus.window(recordings, first, length).features

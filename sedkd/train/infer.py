"""A model's answers for whole recordings."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future

import numpy as np
import torch
from torch import Tensor

from sedkd.features.windows import Window, plan, window_sizes
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus
from sedkd.train.streamed import streamed
from sedkd.train.threads import single_threads

BATCH_SECONDS = {"cpu": 80.0, "cuda": 320.0}  # audio per forward pass: a CPU's caches hold the maps of no more

Job = tuple[int, Window]
"""A recording's index and one of its windows."""


def probabilities(model: FrameModel, corpus: Corpus) -> list[np.ndarray]:
    """Per recording, the probability of each label in each output frame, `[frames, labels]` float32; those of a student
    for streams with a GRU or TCN as a stream would give them, others window by window.

    Raises:
        ValueError: the corpus is not of the features that a student hears.
    """
    if not fits(model, corpus):
        raise ValueError(f"a corpus of other features than the model's: {model.features}")
    if isinstance(model, Student) and model.settings.remembers:
        return streamed(model, corpus)
    lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()
    answers = [np.zeros((length, len(model.labels)), dtype=np.float32) for length in lengths]
    batches = batches_of(model, corpus)
    for batch, output in zip(batches, _in_turn(model, corpus, batches), strict=True):
        found = torch.sigmoid(output.logits).float().cpu().numpy()  # at once, off a GPU
        for (recording, window), p in zip(batch, found, strict=True):
            kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
            answers[recording][window.keep_start : window.keep_stop] = p[kept]
    return answers


def fits(model: FrameModel, corpus: Corpus) -> bool:
    """Whether the corpus has the bands and the frames per answer that a student hears. Of another model whoever gives
    it a corpus knows what it is fed: a teacher's head, stored embeddings."""
    if not isinstance(model, Student):
        return True
    return (corpus.frames.shape[1], corpus.stride) == (model.features.n_mels, model.stride)


def batches_of(model: FrameModel, corpus: Corpus) -> list[list[Job]]:
    """All windows of all recordings, those of one length together, as many at once as make the device's seconds."""
    size, context = window_sizes(model.frame_seconds)
    jobs: dict[int, list[Job]] = {}
    for recording, length in enumerate((corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()):
        for window in plan(length, size, context):
            jobs.setdefault(window.stop - window.start, []).append((recording, window))
    batches, seconds = [], BATCH_SECONDS[next(model.parameters()).device.type]
    for length, same in jobs.items():
        count = max(int(seconds / (length * model.frame_seconds)), 1)
        batches += [same[first : first + count] for first in range(0, len(same), count)]
    return batches


def outputs_of(
    model: FrameModel, corpus: Corpus, batches: Sequence[Sequence[Job]]
) -> Generator[list[FrameOutput], None, None]:
    """For each batch the model's output `[frames, ...]` for each window of it; they are all of one length."""
    for output in _in_turn(model, corpus, batches):
        maps = [None] * len(output.logits) if output.feature_map is None else list(output.feature_map)
        yield [FrameOutput(*parts) for parts in zip(output.logits, output.embedding, maps, strict=True)]


def _in_turn(model: FrameModel, corpus: Corpus, batches: Sequence[Sequence[Job]]) -> Generator[FrameOutput, None, None]:
    """For each batch the model's output `[batch, frames, ...]`. A CPU computes as many batches at once as it has
    threads, each by one of them."""
    model.eval()
    threads = torch.get_num_threads()
    if next(model.parameters()).device.type != "cpu" or min(threads, len(batches)) < 2:
        yield from (_answered(model, corpus, batch) for batch in batches)
        return
    waiting: deque[Future[FrameOutput]] = deque()
    with single_threads(threads) as pool:
        for batch in batches:
            waiting.append(pool.submit(_answered, model, corpus, batch))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _answered(model: FrameModel, corpus: Corpus, batch: Sequence[Job]) -> FrameOutput:
    device = next(model.parameters()).device
    with torch.inference_mode():
        return model(_features(corpus, batch).to(device))


def _features(corpus: Corpus, batch: Sequence[Job]) -> Tensor:
    recordings = torch.tensor([recording for recording, _ in batch], device=corpus.starts.device)
    first = torch.tensor([window.start for _, window in batch], device=corpus.starts.device)
    return corpus.window(recordings, first, batch[0][1].stop - batch[0][1].start).features

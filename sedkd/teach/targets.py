"""A teacher's outputs, computed once and kept on disk: fp16 logits, embeddings and attention for every output frame.

They are stored on the student's grid. Where the teacher answers at another rate, its outputs are interpolated
linearly between the centres of its frames.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.disk.json_file import digest
from sedkd.disk.kept import kept, whole
from sedkd.disk.paths import cache_root, written_atomically
from sedkd.disk.rows import Rows
from sedkd.disk.shared import bring_or_make, offer
from sedkd.disk.tensor_file import write_tensors
from sedkd.disk.unfinished import alone, telling
from sedkd.features.pack import Pack, features_of
from sedkd.teach.answers import write_answers
from sedkd.teach.model import Teacher, corpus_for
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.infer import batches_of

VERSION = 4
PART_FRAMES = 1 << 16


def teacher_outputs(
    teacher: Teacher,
    recordings: Sequence[Recording],
    pool: Pool,
    grid: Corpus,
    frame_seconds: float,
    progress: Callable[[int, int], None] | None = None,
) -> TeacherOutputs:
    """The teacher's outputs, logits for its own labels `[frames, teacher.labels]`, on the frames of `grid`.

    From the cache when teacher, audio, features and grid are the same. A killed computation is taken up where it
    stopped; of several processes one computes and the others wait for it. `progress(done, total)` counts windows.
    """
    pack = features_of(recordings, teacher.model.features)
    key = _key(teacher, pack, grid, frame_seconds)
    path = cache_root() / "targets" / f"{key}.safetensors"
    read = partial(_read, frames=int(grid.out_starts[-1]))
    outputs = kept(path, read)
    if outputs is None:
        corpus = corpus_for(teacher.model, recordings, pool, pack)
        windows = sum(map(len, batches_of(teacher.model, corpus)))
        with alone(f"targets-{key}", lambda: whole(path, read) is not None, telling(progress, windows)) as work:
            if work:
                unfinished = work

                def make() -> None:
                    answers = write_answers(teacher.model, corpus, unfinished, progress)
                    with written_atomically(path) as temporary:
                        _write_aligned(temporary, answers, corpus, grid, (teacher.model.frame_seconds, frame_seconds))

                bring_or_make(path, make, read, progress)
        outputs = read(path)
    offer(path, progress)
    if teacher.head is None:
        return outputs
    return replace(outputs, logits=_through(teacher.head.cpu(), outputs.embeddings))


def _read(path: Path, frames: int) -> TeacherOutputs:
    """The outputs, mapped into memory, where all processes share them."""
    from safetensors.torch import load_file

    outputs = TeacherOutputs(**load_file(path))
    if len(outputs.logits) != frames or len(outputs.embeddings) != frames:
        raise ValueError(f"{len(outputs.logits)} frames of logits instead of {frames}")
    return outputs


def for_labels(outputs: TeacherOutputs, teacher_labels: Sequence[str], labels: Sequence[str]) -> TeacherOutputs:
    """The outputs with the logits of `labels` only, in their order: targets restricted to an event subset."""
    if list(teacher_labels) == list(labels):
        return outputs
    columns = [list(teacher_labels).index(label) for label in labels]
    return replace(outputs, logits=outputs.logits[:, columns].contiguous())


def _key(teacher: Teacher, pack: Pack, grid: Corpus, frame_seconds: float) -> str:
    lengths = np.diff(grid.out_starts.cpu().numpy()).tolist()
    parts = [VERSION, teacher.key, pack.key, frame_seconds, lengths]
    return digest(parts)


def _write_aligned(
    path: Path, answers: Mapping[str, Path], corpus: Corpus, grid: Corpus, frame_seconds: tuple[float, float]
) -> None:
    """Write the answers, which lie on the teacher's `corpus`, on the student's frames, those of `grid`."""
    spans = list(pairwise(corpus.out_starts.tolist()))
    counts = grid.out_starts.diff().tolist()

    def aligned(rows: Rows) -> Iterator[np.ndarray]:
        for (start, stop), count in zip(spans, counts, strict=True):
            yield _resampled(rows.read(start, stop), count, *frame_seconds)

    with ExitStack() as stack:
        opened = {kind: stack.enter_context(Rows(file)) for kind, file in answers.items()}
        write_tensors(path, {kind: ((sum(counts), rows.columns), aligned(rows)) for kind, rows in opened.items()})


def _through(head: nn.Linear, embeddings: torch.Tensor) -> torch.Tensor:
    """The last layer's logits `[frames, labels]` in half precision, in parts: embeddings may be larger than memory."""
    return torch.cat([head(part.float()).half() for part in embeddings.split(PART_FRAMES)])


def _resampled(frames: np.ndarray, count: int, teacher_seconds: float, student_seconds: float) -> np.ndarray:
    if len(frames) == count and np.isclose(teacher_seconds, student_seconds):
        return frames
    position = ((np.arange(count) + 0.5) * student_seconds / teacher_seconds - 0.5).clip(0, len(frames) - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (position - low)[:, None].astype(np.float32)
    return ((1 - share) * frames[low] + share * frames[high]).astype(np.float16)

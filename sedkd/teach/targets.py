"""A teacher's outputs, computed once and kept on disk: fp16 logits and embeddings for every output frame.

They are stored on the student's grid. Where the teacher answers at another rate, its outputs are interpolated
linearly between the centres of its frames.
"""

import hashlib
import json
from collections.abc import Callable, Sequence

import numpy as np
import torch

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack, features_of
from sedkd.models.frame import FrameModel
from sedkd.paths import cache_root, written_atomically
from sedkd.teach.teacher import Teacher, corpus_for
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.infer import windowed_outputs

VERSION = 1


def teacher_outputs(
    teacher: Teacher,
    recordings: Sequence[Recording],
    pool: Pool,
    grid: Corpus,
    frame_seconds: float,
    progress: Callable[[int, int], None] | None = None,
) -> TeacherOutputs:
    """Logits for the teacher's own labels `[frames, teacher.labels]` and embeddings, on the frames of `grid`.

    From the cache when teacher, audio, features and grid are the same.
    """
    pack = features_of(recordings, teacher.model.features)
    key = _key(teacher, pack, grid, frame_seconds)
    folder = cache_root() / "targets"
    logits, embeddings = folder / f"{key}.logits.npy", folder / f"{key}.embeddings.npy"
    if not embeddings.exists():
        answers = _answers(teacher.model, corpus_for(teacher.model, recordings, pool, pack), progress)
        aligned = _aligned(answers, np.diff(grid.out_starts.cpu().numpy()), teacher.model.frame_seconds, frame_seconds)
        for path, array in zip((logits, embeddings), aligned, strict=True):  # embeddings last: they mark completion
            with written_atomically(path) as temporary, temporary.open("wb") as stream:
                np.save(stream, array)
    return TeacherOutputs(torch.from_numpy(np.load(logits)), torch.from_numpy(np.load(embeddings)))


def for_labels(outputs: TeacherOutputs, teacher_labels: Sequence[str], labels: Sequence[str]) -> TeacherOutputs:
    """The outputs with the logits of `labels` only, in their order: targets restricted to an event subset."""
    columns = [list(teacher_labels).index(label) for label in labels]
    return TeacherOutputs(outputs.logits[:, columns].contiguous(), outputs.embeddings)


def _key(teacher: Teacher, pack: Pack, grid: Corpus, frame_seconds: float) -> str:
    lengths = np.diff(grid.out_starts.cpu().numpy()).tolist()
    parts = [VERSION, teacher.key, pack.key, frame_seconds, lengths]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _answers(
    model: FrameModel, corpus: Corpus, progress: Callable[[int, int], None] | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()
    answers = [
        (np.zeros((n, len(model.labels)), np.float16), np.zeros((n, model.embedding_size), np.float16)) for n in lengths
    ]
    for recording, window, output in windowed_outputs(model, corpus, progress):
        kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
        for stored, tensor in zip(answers[recording], output, strict=True):
            stored[window.keep_start : window.keep_stop] = tensor[kept].half().cpu().numpy()
    return answers


def _aligned(
    answers: list[tuple[np.ndarray, np.ndarray]], counts: np.ndarray, teacher_seconds: float, student_seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Concatenate on the student's frames, interpolating where the grids differ."""
    columns = []
    for which in (0, 1):
        rows = [
            _resampled(answer[which], int(count), teacher_seconds, student_seconds)
            for answer, count in zip(answers, counts, strict=True)
        ]
        columns.append(np.concatenate(rows))
    return columns[0], columns[1]


def _resampled(frames: np.ndarray, count: int, teacher_seconds: float, student_seconds: float) -> np.ndarray:
    if len(frames) == count and np.isclose(teacher_seconds, student_seconds):
        return frames
    position = ((np.arange(count) + 0.5) * student_seconds / teacher_seconds - 0.5).clip(0, len(frames) - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (position - low)[:, None].astype(np.float32)
    return ((1 - share) * frames[low] + share * frames[high]).astype(np.float16)

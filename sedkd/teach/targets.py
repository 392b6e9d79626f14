"""A teacher's outputs, computed once and kept on disk: fp16 logits, embeddings and attention for every output frame.

They are stored on the student's grid. Where the teacher answers at another rate, its outputs are interpolated
linearly between the centres of its frames.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack, features_of
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.paths import cache_root, written_atomically
from sedkd.teach.teacher import Teacher, corpus_for
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.infer import windowed_outputs

VERSION = 3


def teacher_outputs(
    teacher: Teacher,
    recordings: Sequence[Recording],
    pool: Pool,
    grid: Corpus,
    frame_seconds: float,
    progress: Callable[[int, int], None] | None = None,
) -> TeacherOutputs:
    """The teacher's outputs, logits for its own labels `[frames, teacher.labels]`, on the frames of `grid`.

    From the cache when teacher, audio, features and grid are the same.
    """
    from safetensors.numpy import save_file
    from safetensors.torch import load_file

    pack = features_of(recordings, teacher.model.features)
    key = _key(teacher, pack, grid, frame_seconds)
    path = cache_root() / "targets" / f"{key}.safetensors"
    if not path.exists():
        answers = _answers(teacher.model, corpus_for(teacher.model, recordings, pool, pack), progress)
        counts = np.diff(grid.out_starts.cpu().numpy())
        aligned = _aligned(answers, counts, teacher.model.frame_seconds, frame_seconds)
        with written_atomically(path) as temporary:
            save_file(aligned, temporary)
    outputs = TeacherOutputs(**load_file(path))  # mapped into memory, where all processes share it
    if teacher.head is None:
        return outputs
    head = teacher.head.cpu()
    return replace(outputs, logits=head(outputs.embeddings.float()).half())


def for_labels(outputs: TeacherOutputs, teacher_labels: Sequence[str], labels: Sequence[str]) -> TeacherOutputs:
    """The outputs with the logits of `labels` only, in their order: targets restricted to an event subset."""
    columns = [list(teacher_labels).index(label) for label in labels]
    return replace(outputs, logits=outputs.logits[:, columns].contiguous())


def _key(teacher: Teacher, pack: Pack, grid: Corpus, frame_seconds: float) -> str:
    lengths = np.diff(grid.out_starts.cpu().numpy()).tolist()
    parts = [VERSION, teacher.key, pack.key, frame_seconds, lengths]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _answers(
    model: FrameModel, corpus: Corpus, progress: Callable[[int, int], None] | None
) -> list[dict[str, np.ndarray]]:
    """Per recording, each kind of output `[frames, ...]` on the teacher's own grid."""
    lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).tolist()
    answers: list[dict[str, np.ndarray]] = [{} for _ in lengths]
    for recording, window, output in windowed_outputs(model, corpus, progress):
        kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
        for name, tensor in _kinds(output).items():
            whole = answers[recording].setdefault(name, np.zeros((lengths[recording], tensor.shape[1]), np.float16))
            whole[window.keep_start : window.keep_stop] = tensor[kept].half().cpu().numpy()
    return answers


def _kinds(output: FrameOutput) -> dict[str, torch.Tensor]:
    """What is kept of a window's output, by the names of `TeacherOutputs`."""
    kinds = {"logits": output.logits, "embeddings": output.embedding}
    if output.feature_map is not None:
        kinds["attention"] = output.feature_map.square().mean(0).sqrt()
    return kinds


def _aligned(
    answers: list[dict[str, np.ndarray]], counts: np.ndarray, teacher_seconds: float, student_seconds: float
) -> dict[str, np.ndarray]:
    """Concatenate on the student's frames, interpolating where the grids differ."""
    return {
        name: np.concatenate(
            [
                _resampled(answer[name], int(count), teacher_seconds, student_seconds)
                for answer, count in zip(answers, counts, strict=True)
            ]
        )
        for name in answers[0]
    }


def _resampled(frames: np.ndarray, count: int, teacher_seconds: float, student_seconds: float) -> np.ndarray:
    if len(frames) == count and np.isclose(teacher_seconds, student_seconds):
        return frames
    position = ((np.arange(count) + 0.5) * student_seconds / teacher_seconds - 0.5).clip(0, len(frames) - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (position - low)[:, None].astype(np.float32)
    return ((1 - share) * frames[low] + share * frames[high]).astype(np.float16)

"""A causal student's answers for whole recordings as a stream would give them, however long they are.

Where its memory is a few convolutions, windows with their context give the same (`sedkd.train.infer`). A GRU remembers
for longer than any context, a TCN for longer than a window's.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sedkd.models.step import StreamStep
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus

PIECE = 125  # output frames at once
TOGETHER = 32  # recordings


def streamed(student: Student, corpus: Corpus) -> list[np.ndarray]:
    """Per recording, the probability of each label in each output frame, `[frames, labels]` float32."""
    lengths = corpus.out_starts.diff().tolist()
    order = sorted(range(len(lengths)), key=lambda recording: lengths[recording])
    answers: dict[int, np.ndarray] = {}
    for group in _alike(order, lengths):
        found = _together(student, corpus, group, max(lengths[recording] for recording in group))
        answers |= {recording: found[row, : lengths[recording]] for row, recording in enumerate(group)}
    return [answers[recording] for recording in range(len(lengths))]


def _alike(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """At most so many recordings at once, of which the longest has at most twice the frames of the shortest, or ends in
    the same piece: all are heard for as long as the longest. `order` is from the shortest to the longest."""
    group: list[int] = []
    for recording in order:
        most = max(2 * lengths[group[0]], PIECE) if group else 0
        if len(group) == TOGETHER or (group and lengths[recording] > most):
            yield group
            group = []
        group.append(recording)
    if group:
        yield group


def _together(student: Student, corpus: Corpus, group: Sequence[int], longest: int) -> np.ndarray:
    """The probabilities `[recordings, longest, labels]`; behind a recording's end they mean nothing."""
    step = StreamStep(student)
    recordings = torch.tensor(group, device=corpus.starts.device)
    states, found = step.beginning(len(group)), list[Tensor]()
    with torch.inference_mode():
        for first in range(0, longest + student.delay, PIECE):
            frames = min(PIECE, longest + student.delay - first)
            batch = corpus.window(recordings, torch.full_like(recordings, first), frames)
            there = batch.valid.repeat_interleave(student.stride, dim=1).to(step.mean.device)
            features = torch.where(there[..., None] > 0, batch.features.to(step.mean.device), step.mean)
            answer, *states = step(features, *states)
            found.append(answer)
    return torch.cat(found, dim=1)[:, student.delay :].float().cpu().numpy()

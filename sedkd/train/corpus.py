"""Clips as tensors: what training reads, batch after batch, without Python per clip.

Everything lies on one grid of output frames. Recording i owns rows `out_starts[i]:out_starts[i + 1]` of the targets
and of the teacher's outputs, and `stride` times as many feature frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from sedkd.data.recordings import Recording
from sedkd.distill.batch import Batch
from sedkd.features.pack import Pack


@dataclass(frozen=True)
class TeacherOutputs:
    """A teacher's answer for every output frame: `logits` `[frames, labels]`, `embeddings` `[frames, channels]`, and
    `attention` `[frames, bands]`, the root mean square over the channels of its feature map (None if it has none)."""

    logits: Tensor
    embeddings: Tensor
    attention: Tensor | None = None

    def rows(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """The three, in single precision, at output frames `index` of any shape."""
        attention = None if self.attention is None else self.attention[index].float()
        return self.logits[index].float(), self.embeddings[index].float(), attention

    def to(self, device: torch.device) -> "TeacherOutputs":
        attention = None if self.attention is None else self.attention.to(device)
        return TeacherOutputs(self.logits.to(device), self.embeddings.to(device), attention)


@dataclass(frozen=True)
class Corpus:
    """Features, targets and a teacher's outputs of some recordings; see the module's header for the layout.

    `annotated` `[recordings, labels]` tells which labels somebody listened for: a class that a recording's
    environment does not annotate is unknown there, not absent, and an unlabelled recording knows none. `foreign`
    `[recordings]` marks recordings of other environments (None: there are none), which count as neither.
    """

    frames: Tensor
    starts: Tensor
    out_starts: Tensor
    targets: Tensor
    annotated: Tensor
    stride: int
    teacher: TeacherOutputs | None = None
    foreign: Tensor | None = None

    @property
    def labeled(self) -> Tensor:
        """Indices of the environment's recordings with labels."""
        return (self.annotated.any(dim=1) & self._own).nonzero()[:, 0]

    @property
    def unlabeled(self) -> Tensor:
        """Indices of the environment's recordings without labels."""
        return (~self.annotated.any(dim=1) & self._own).nonzero()[:, 0]

    @property
    def elsewhere(self) -> Tensor:
        """Indices of other environments' recordings."""
        return (~self._own).nonzero()[:, 0]

    @property
    def _own(self) -> Tensor:
        return torch.ones_like(self.annotated[:, 0]) if self.foreign is None else ~self.foreign

    def taught_by(self, teacher: TeacherOutputs | None) -> "Corpus":
        return replace(self, teacher=teacher)

    def to(self, device: torch.device) -> "Corpus":
        """The corpus with everything resident on `device`."""
        if device.type == "cpu":
            return self
        names = ("frames", "starts", "out_starts", "targets", "annotated", "teacher", "foreign")
        there = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(self, **{name: value.to(device) for name, value in there.items()})

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation `[n_mels]` of the features, from at most 200,000 evenly spaced frames."""
        step = max(len(self.frames) // 200_000, 1)
        sample = self.frames[::step].float()
        return sample.mean(0), sample.std(0).clamp_min(1e-3)

    def window(self, recordings: Tensor, first: Tensor, frames: int) -> Batch:
        """Windows of `frames` output frames, beginning at output frame `first` `[batch]` of `recordings` `[batch]`.

        Where a window reaches past its recording, the last frame is repeated and `valid` is 0.
        """
        offsets = torch.arange(frames, device=first.device)
        out = self.out_starts[recordings, None] + first[:, None] + offsets
        end = self.out_starts[recordings + 1, None]
        valid = (out < end).float()
        out = torch.minimum(out, end - 1)
        inner = torch.arange(frames * self.stride, device=first.device)
        rows = self.starts[recordings, None] + first[:, None] * self.stride + inner
        rows = torch.minimum(rows, self.starts[recordings + 1, None] - 1)
        logits, embedding, attention = self.teacher.rows(out) if self.teacher else (None, None, None)
        return Batch(
            features=self.frames[rows].float(),
            targets=self.targets[out].float(),
            known=valid[..., None] * self.annotated[recordings, None].float(),
            valid=valid,
            teacher_logits=logits,
            teacher_embedding=embedding,
            teacher_attention=attention,
        )


def corpus_from(
    recordings: Sequence[Recording],
    pack: Pack,
    stride: int,
    frame_seconds: float,
    labels: Sequence[str],
    annotated: Mapping[str, Sequence[str]],
) -> Corpus:
    """Build the tensors. `annotated` gives, per environment, the labels that its annotators listened for."""
    import warnings

    out_counts = -(-np.diff(pack.starts) // stride)
    out_starts = np.concatenate([[0], np.cumsum(out_counts)])
    known = np.array(
        [[r.events is not None and label in annotated[r.environment] for label in labels] for r in recordings],
        dtype=bool,
    ).reshape(len(recordings), len(labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that the memory map is read-only, which is what is wanted
        frames = torch.from_numpy(pack.frames)
    return Corpus(
        frames=frames,
        starts=torch.from_numpy(pack.starts),
        out_starts=torch.from_numpy(out_starts),
        targets=torch.from_numpy(frame_targets(recordings, out_starts, frame_seconds, labels)),
        annotated=torch.from_numpy(known),
        stride=stride,
    )


def frame_targets(
    recordings: Sequence[Recording], out_starts: np.ndarray, frame_seconds: float, labels: Sequence[str]
) -> np.ndarray:
    """Share of every output frame that each label's events cover, `[frames, labels]` fp16 in 0..1."""
    column = {label: i for i, label in enumerate(labels)}
    targets = np.zeros((out_starts[-1], len(labels)), dtype=np.float16)
    for recording, start, end in zip(recordings, out_starts[:-1], out_starts[1:], strict=True):
        edges = np.arange(end - start + 1) * frame_seconds
        for event in recording.events or ():
            if event.event_label in column:
                covered = np.minimum(edges[1:], event.offset) - np.maximum(edges[:-1], event.onset)
                share = np.clip(covered / frame_seconds, 0, 1).astype(np.float16)
                rows = targets[start:end, column[event.event_label]]
                np.minimum(rows + share, 1, out=rows)
    return targets

"""Clips as tensors: what training reads, batch after batch, without Python per clip.

Everything lies on one grid of output frames. Recording i owns rows `out_starts[i]:out_starts[i + 1]` of the targets
and of the teacher's outputs, and `stride` times as many feature frames.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack
from sedkd.train.batch import Batch

ROUNDING = 1e-6  # of a frame: 0.56 s / 0.08 s is more than 7


@dataclass(frozen=True)
class TeacherOutputs:
    """A teacher's answer for every output frame: `logits` `[frames, labels]`, `embeddings` `[frames, channels]`, and
    `attention` `[frames, bands]`, the root mean square over the channels of its feature map (None if it has none), on a
    student's frequencies (`sedkd.teach.attention_bands`)."""

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

    `tags` `[recordings, labels]` are 1 where a label's event occurs somewhere in the recording, as far as `tagged`
    `[recordings, labels]` says that somebody listened for it (both None: no recording has clip-level labels).

    `unsure` `[frames]` is True at output frames of which nobody knows what was annotated there: no event is known to be
    absent (None: there are none).

    `asked` `[recordings]` marks those of which only answers about a span are known (None: there are none).
    """

    frames: Tensor
    starts: Tensor
    out_starts: Tensor
    targets: Tensor
    annotated: Tensor
    stride: int
    teacher: TeacherOutputs | None = None
    foreign: Tensor | None = None
    tags: Tensor | None = None
    tagged: Tensor | None = None
    unsure: Tensor | None = None
    asked: Tensor | None = None

    @property
    def labeled(self) -> Tensor:
        """Indices of the environment's recordings with labels, but for those of `reviewed`."""
        return (self.annotated.any(dim=1) & self._own & ~self._asked).nonzero()[:, 0]

    @property
    def reviewed(self) -> Tensor:
        """Indices of the environment's recordings of which only answers about a span are known."""
        return (self.annotated.any(dim=1) & self._own & self._asked).nonzero()[:, 0]

    @property
    def unlabeled(self) -> Tensor:
        """Indices of the environment's recordings without labels."""
        return (~self.annotated.any(dim=1) & self._own).nonzero()[:, 0]

    @property
    def elsewhere(self) -> Tensor:
        """Indices of other environments' recordings."""
        return (~self._own).nonzero()[:, 0]

    @property
    def weak(self) -> Tensor:
        """Indices of recordings with clip-level labels."""
        if self.tagged is None:
            return torch.zeros(0, dtype=torch.long, device=self.annotated.device)
        return self.tagged.any(dim=1).nonzero()[:, 0]

    @property
    def _own(self) -> Tensor:
        return torch.ones_like(self.annotated[:, 0]) if self.foreign is None else ~self.foreign

    @property
    def _asked(self) -> Tensor:
        return torch.zeros_like(self.annotated[:, 0]) if self.asked is None else self.asked

    def taught_by(self, teacher: TeacherOutputs | None) -> "Corpus":
        return replace(self, teacher=teacher)

    def to(self, device: torch.device) -> "Corpus":
        """The corpus with everything resident on `device`."""
        if device.type == "cpu":
            return self
        names = ("frames", "starts", "out_starts", "targets", "annotated", "teacher", "foreign", "tags", "tagged",
                 "unsure", "asked")  # fmt: skip
        there = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(self, **{name: value.to(device) for name, value in there.items()})

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation `[n_mels]` of the features, from evenly spaced frames, less than 400,000."""
        step = max(len(self.frames) // 200_000, 1)
        sample = self.frames[::step].float()
        return sample.mean(0), sample.std(0).clamp_min(1e-3)

    def known_frames(self) -> Tensor:
        """Where it is known whether a label's event sounds, `[frames, labels]`, of all output frames."""
        known = torch.repeat_interleave(self.annotated, self.out_starts.diff(), dim=0)
        return known if self.unsure is None else known & ~(self.unsure[:, None] & (self.targets == 0))

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
        targets, known = self.targets[out].float(), valid[..., None] * self.annotated[recordings, None].float()
        if self.unsure is not None:
            known = known * ~(self.unsure[out][..., None] & (targets == 0))
        logits, embedding, attention = self.teacher.rows(out) if self.teacher else (None, None, None)
        return Batch(
            features=self.frames[rows].float(),
            targets=targets,
            known=known,
            valid=valid,
            teacher_logits=logits,
            teacher_embedding=embedding,
            teacher_attention=attention,
        )


def with_foreign(own: Corpus, others: Sequence[Corpus]) -> Corpus:
    """The environment's corpus with those of other environments behind it, whose annotations are hidden.

    All have the same labels; teachers' outputs are joined apart (`outputs_joined`).
    """
    parts = [own, *others]

    def starts(name: str) -> Tensor:
        ends = torch.tensor([int(getattr(part, name)[-1]) for part in parts]).cumsum(0).tolist()
        moved = [getattr(p, name)[1:] + before for p, before in zip(parts, [0, *ends[:-1]], strict=True)]
        return torch.cat([getattr(own, name)[:1], *moved])

    strangers = sum(len(part.annotated) for part in others)
    elsewhere = sum(len(part.targets) for part in others)

    def hidden(mask: Tensor) -> Tensor:
        return torch.cat([mask, mask.new_zeros(strangers, mask.shape[1])])

    return replace(
        own,
        teacher=None,  # it answers for the own recordings only
        frames=torch.cat([part.frames for part in parts]),
        starts=starts("starts"),
        out_starts=starts("out_starts"),
        targets=torch.cat([part.targets for part in parts]),
        annotated=hidden(own.annotated),
        unsure=None if own.unsure is None else torch.cat([own.unsure, own.unsure.new_zeros(elsewhere)]),
        asked=None if own.asked is None else torch.cat([own.asked, own.asked.new_zeros(strangers)]),
        foreign=torch.arange(len(own.annotated) + strangers) >= len(own.annotated),
        tags=None if own.tags is None else hidden(own.tags),
        tagged=None if own.tagged is None else hidden(own.tagged),
    )


def heard_twice(corpus: Corpus, frames: Tensor) -> Corpus:
    """The corpus with every recording a second time behind it, in other `frames` of the same layout; a teacher's
    outputs are joined apart (`outputs_joined`)."""

    def doubled(values: Tensor | None) -> Tensor | None:
        return None if values is None else torch.cat([values, values])

    def continued(starts: Tensor) -> Tensor:
        return torch.cat([starts, starts[1:] + starts[-1]])

    names = ("targets", "annotated", "foreign", "tags", "tagged", "unsure", "asked")
    again: dict[str, Any] = {name: doubled(getattr(corpus, name)) for name in names}
    return replace(
        corpus,
        teacher=None,
        frames=torch.cat([corpus.frames, frames]),
        starts=continued(corpus.starts),
        out_starts=continued(corpus.out_starts),
        **again,
    )


def outputs_joined(outputs: Sequence[TeacherOutputs]) -> TeacherOutputs:
    """One teacher's outputs on several lists of recordings, one behind the other."""
    if len(outputs) == 1:
        return outputs[0]
    attention = [found.attention for found in outputs if found.attention is not None]
    return TeacherOutputs(
        torch.cat([found.logits for found in outputs]),
        torch.cat([found.embeddings for found in outputs]),
        torch.cat(attention) if attention else None,
    )


def corpus_from(
    recordings: Sequence[Recording],
    pack: Pack,
    stride: int,
    frame_seconds: float,
    labels: Sequence[str],
    annotated: Mapping[str, Sequence[str]],
) -> Corpus:
    """Build the tensors. `annotated` gives, per environment, the labels that its annotators listened for.

    A recording that says itself what its annotators listened for (`listened`) is believed.
    """
    import warnings

    out_counts = -(-np.diff(pack.starts) // stride)
    out_starts = np.concatenate([[0], np.cumsum(out_counts)])
    listened = np.array([[label in heard(r, annotated) for label in labels] for r in recordings], dtype=bool)
    listened = listened.reshape(len(recordings), len(labels))
    known = listened & np.array([r.events is not None for r in recordings], dtype=bool)[:, None]
    tagged = listened & np.array([r.tags is not None for r in recordings], dtype=bool)[:, None]
    tags = np.array([[label in (r.tags or ()) for label in labels] for r in recordings]).reshape(tagged.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that the memory map is read-only, which is what is wanted
        frames = torch.from_numpy(pack.rows)
    return Corpus(
        frames=frames,
        starts=torch.from_numpy(pack.starts),
        out_starts=torch.from_numpy(out_starts),
        targets=torch.from_numpy(frame_targets(recordings, out_starts, frame_seconds, labels)),
        annotated=torch.from_numpy(known),
        stride=stride,
        tags=torch.from_numpy(tags.astype(np.float32)) if tagged.any() else None,
        tagged=torch.from_numpy(tagged) if tagged.any() else None,
        unsure=_unsure(recordings, out_starts, frame_seconds),
        asked=torch.tensor([r.asked for r in recordings]) if any(r.asked for r in recordings) else None,
    )


def _unsure(recordings: Sequence[Recording], out_starts: np.ndarray, frame_seconds: float) -> Tensor | None:
    if not any(recording.unknown for recording in recordings):
        return None
    unsure = torch.zeros(int(out_starts[-1]), dtype=torch.bool)
    for recording, start, end in zip(recordings, out_starts[:-1].tolist(), out_starts[1:].tolist(), strict=True):
        for onset, offset in recording.unknown:
            first, last = int(onset / frame_seconds + ROUNDING), math.ceil(offset / frame_seconds - ROUNDING)
            unsure[start + first : min(start + last, end)] = True
    return unsure


def heard(recording: Recording, annotated: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The labels that a recording's annotators listened for."""
    return annotated[recording.environment] if recording.listened is None else recording.listened


def frame_targets(
    recordings: Sequence[Recording], out_starts: np.ndarray, frame_seconds: float, labels: Sequence[str]
) -> np.ndarray:
    """Share of every output frame that each label's events cover, `[frames, labels]` fp16 in 0..1.

    Soft labels stand in place of the events of a recording that has them, each share weighted by its certainty.
    """
    column = {label: i for i, label in enumerate(labels)}
    targets = np.zeros((out_starts[-1], len(labels)), dtype=np.float16)
    for recording, start, end in zip(recordings, out_starts[:-1], out_starts[1:], strict=True):
        edges = np.arange(end - start + 1) * frame_seconds
        hard = [(event, 1.0) for event in recording.events or ()]
        for event, certainty in hard if recording.soft is None else recording.soft:
            if event.event_label in column:
                covered = np.minimum(edges[1:], event.offset) - np.maximum(edges[:-1], event.onset)
                share = (np.clip(covered / frame_seconds, 0, 1) * certainty).astype(np.float16)
                rows = targets[start:end, column[event.event_label]]
                np.minimum(rows + share, 1, out=rows)
    return targets

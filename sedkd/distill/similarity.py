"""Similarity-preserving distillation (SP, Tung & Mori 2019) between frames and between clips.

What is handed on is not an embedding but which inputs resemble each other: the matrix of inner products of a set of
embeddings, each row brought to unit length. The set is the frames of a window (what in this clip sounds alike), and
the windows of a batch (which clips sound alike), each window standing for the mean of its frames.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Term, mean_where


def similarity_loss(student: Tensor, teacher: Tensor, present: Tensor | None = None) -> Tensor:
    """Mean squared difference of row-normalised similarities; embeddings `[..., items, channels]`.

    `present` `[..., items]` is 0 for items to leave out; sets without an item do not count. SP, equations 1 to 4:
    `|G_s - G_t|^2 / items^2`.
    """
    present = torch.ones_like(student[..., 0]) if present is None else present
    student, teacher = student * present[..., None], teacher * present[..., None]
    ours, theirs = (normalize(x @ x.transpose(-1, -2), dim=-1) for x in (student, teacher))
    square = (ours - theirs).square().sum((-1, -2))
    return mean_where(square / present.sum(-1).clamp_min(1) ** 2, present.amax(-1))


def clip_means(embedding: Tensor, valid: Tensor) -> Tensor:
    """Mean embedding `[batch, channels]` of each window's valid frames; `embedding` `[batch, frames, channels]`."""
    mask = valid[..., None]
    return (embedding * mask).sum(1) / mask.sum(1).clamp_min(1)


class Strategy(Term):
    """`clip_share` weighs the similarity of clips against that of frames; 0 and 1 leave one of them out."""

    in_cohort = True
    clip_share: Tensor

    def __init__(self, sizes: Sizes, clip_share: float = 0.5, weight: float = 0.3) -> None:
        super().__init__()
        if not 0 <= clip_share <= 1:
            raise ValueError(f"similarity.clip_share must lie in 0..1, not {clip_share}")
        self.setting("clip_share", clip_share)
        self.weight = weight

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_embedding is not None
        ours, theirs, valid = output.embedding, batch.teacher_embedding, batch.unmixed
        frames = similarity_loss(ours, theirs, valid)
        clips = similarity_loss(clip_means(ours, valid), clip_means(theirs, valid), valid.amax(1))
        return self.clip_share * clips + (1 - self.clip_share) * frames

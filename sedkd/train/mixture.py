"""Mixtures: a second window is added to the first as sound adds, in power, so that inputs hardly ever repeat.

Mixing log-mels in power is what a microphone would have heard but for the phases. What is known of a mixture is the
union of what is known of its parts (mixup, Zhang et al. 2018, would take their mean, at which nothing sounds).
"""

from dataclasses import replace

import torch
from torch import Tensor

from sedkd.train.batch import Batch


def added(batch: Batch, other: Batch, louder: Tensor, scale: float) -> Batch:
    """The windows of `batch` with those of `other` on top, made louder by `louder` `[..., batch]` nepers of power.

    Where that is -inf a window stays as it is. Features are `log(power) / scale`. An event sounds in a mixture where it
    sounds in either part, and is known not to where both say so; of the teacher's two answers the larger one stands.
    The teacher's embeddings and attention stay the first window's, of which `mixed` tells that it is not heard alone.
    """
    mixed = louder > -torch.inf
    there = mixed[..., None] & (other.valid > 0)  # [..., batch, frames]
    stride = batch.features.shape[-2] // there.shape[-1]
    gain = torch.where(there, louder[..., None], -torch.inf).repeat_interleave(stride, dim=-1)[..., None]
    both = there[..., None]
    targets, known = united(batch.targets, batch.known, both * other.targets, torch.where(both, other.known, 1.0))
    logits = batch.teacher_logits
    if logits is not None and other.teacher_logits is not None:
        logits = torch.where(both, torch.maximum(logits, other.teacher_logits), logits)
    return replace(
        batch,
        features=torch.logaddexp(scale * batch.features, scale * other.features + gain) / scale,
        targets=targets,
        known=known * batch.valid[..., None],
        teacher_logits=logits,
        mixed=mixed.float(),
    )


def united(labels: Tensor, known: Tensor, more: Tensor, more_known: Tensor) -> tuple[Tensor, Tensor]:
    """Labels 0..1 of two sounds together, and where they are known: where both are, or where one surely sounds."""
    sure = (labels * known >= 1) | (more * more_known >= 1)
    return torch.maximum(labels, more), torch.maximum(known * more_known, sure.float())

"""A teacher adapted to one environment before it teaches: its last layer is trained on that environment's labels.

Only the last layer moves, from where it stood, not far, and only as long as it gains on clips that it does not learn
from: fine-tuning a whole teacher on a few clips makes it sure of itself, and a student learns less from a teacher that
only repeats the labels. It also costs seconds, since the embeddings of all clips are at hand.
"""

from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from sedkd.errors import UserError
from sedkd.teach.model import Teacher
from sedkd.train.term import mean_where

STEPS, RATE = 100, 1e-3
LOOK = 5  # steps between two looks at the held-out clips
MAX_FRAMES = 400_000  # nine hours of them at 80 ms: all are in memory at once, in single precision
PULL = 1e-2  # towards where the weights stood (L2-SP, Li et al. 2018)


def learnt_from(known: Tensor) -> Tensor:
    """The frames that adapting looks at: those of which `known` `[frames, labels]` tells something, or, where they are
    very many, some of them at even distances."""
    frames = known.any(1).nonzero()[:, 0]
    return frames[:: -(-len(frames) // MAX_FRAMES) or 1]


def lack(teacher: Teacher, channels: int) -> str | None:
    """Why a teacher with embeddings of so many channels cannot be adapted; None where it can."""
    layer = getattr(teacher.model, "classifier", None)
    if isinstance(layer, nn.Linear) and layer.weight.shape == (len(teacher.model.labels), channels):
        return None
    return (
        f"teacher {teacher.kind}: cannot be adapted, having no linear layer `classifier` from its embedding to its "
        "logits; leave `adapted` out of teacher.adaptation"
    )


class Labelled(NamedTuple):
    """Output frames with what was heard in them: `embeddings` `[frames, channels]` of the teacher; `targets` and
    `known` `[frames, labels]`, of the teacher's labels: the annotation, and where somebody listened for the label."""

    embeddings: Tensor
    targets: Tensor
    known: Tensor


def adapted(teacher: Teacher, clips: Labelled, held_out: Labelled, environment: str) -> Teacher:
    """The teacher with a last layer of this environment, learned from `clips`.

    Of the steps, those are taken that are best on `held_out`; none of them where none gains there, and all where it is
    empty. Labels that the environment does not know keep their weights.

    Raises:
        UserError: a teacher of one's own has no linear layer `classifier` from its embedding to its logits.
    """
    reason = lack(teacher, clips.embeddings.shape[1])
    if reason:
        raise UserError(reason)
    layer = teacher.model.classifier
    assert isinstance(layer, nn.Linear)  # or it had lacked it
    head = deepcopy(layer).to(clips.embeddings.device)
    start = head.weight.detach().clone()
    optimiser = torch.optim.Adam(head.parameters(), RATE)
    learned, judged = (Labelled(*(part.float() for part in some)) for some in (clips, held_out))
    taken, least, best = 0, _loss(head, judged).item(), deepcopy(head)
    for step in range(1, STEPS + 1):
        moved = (head.weight - start).square().sum()
        optimiser.zero_grad()
        (_loss(head, learned) + PULL * moved).backward()
        optimiser.step()
        if step % LOOK == 0:
            loss = _loss(head, judged).item()
            if loss < least or not len(judged.known):
                taken, least, best = step, loss, deepcopy(head)
    origin = f"{teacher.origin}, adapted to {environment} in {taken} steps"
    return replace(teacher, head=best.requires_grad_(False), origin=origin)


def _loss(head: nn.Linear, some: Labelled) -> Tensor:
    return mean_where(
        binary_cross_entropy_with_logits(head(some.embeddings), some.targets, reduction="none"), some.known
    )

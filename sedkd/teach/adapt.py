"""A teacher adapted to one environment before it teaches: its last layer is trained on that environment's labels.

Only the last layer moves, from where it stood and not far: fine-tuning a whole teacher on a few clips makes it sure of
itself, and a student learns less from a teacher that only repeats the labels. It also costs seconds, since the
embeddings of all clips are at hand.
"""

from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from sedkd.distill.term import mean_where
from sedkd.errors import UserError
from sedkd.teach.model import Teacher

STEPS, RATE = 100, 1e-3
MOST_FRAMES = 400_000  # nine hours of them at 80 ms: all are in memory at once, in single precision
PULL = 1e-2  # towards where the weights stood (L2-SP, Li et al. 2018)


def learnt_from(known: Tensor) -> Tensor:
    """The frames that adapting looks at: those of which `known` `[frames, labels]` tells something, or, where they are
    very many, some of them at even distances."""
    frames = known.any(1).nonzero()[:, 0]
    return frames[:: -(-len(frames) // MOST_FRAMES) or 1]


def lack(teacher: Teacher, channels: int) -> str | None:
    """Why a teacher with embeddings of so many channels cannot be adapted; None where it can."""
    layer = getattr(teacher.model, "classifier", None)
    if isinstance(layer, nn.Linear) and layer.weight.shape == (len(teacher.model.labels), channels):
        return None
    return (
        f"teacher {teacher.kind}: cannot be adapted, having no linear layer `classifier` from its embedding to its "
        "logits; leave `adapted` out of teacher.adaptation"
    )


def adapted(teacher: Teacher, embeddings: Tensor, targets: Tensor, known: Tensor, environment: str) -> Teacher:
    """The teacher with a last layer of this environment.

    embeddings `[frames, channels]`; targets and known `[frames, labels]`, of the teacher's labels: what the annotators
    heard, and where somebody listened for it. Labels that the environment does not know keep their weights.

    Raises:
        UserError: a teacher of one's own has no linear layer `classifier` from its embedding to its logits.
    """
    reason = lack(teacher, embeddings.shape[1])
    if reason:
        raise UserError(reason)
    layer = teacher.model.classifier
    assert isinstance(layer, nn.Linear)  # or it had lacked it
    head = deepcopy(layer).to(embeddings.device)
    start = head.weight.detach().clone()
    optimiser = torch.optim.Adam(head.parameters(), RATE)
    inputs, wanted, mask = embeddings.float(), targets.float(), known.float()
    for _ in range(STEPS):
        loss = mean_where(binary_cross_entropy_with_logits(head(inputs), wanted, reduction="none"), mask)
        moved = (head.weight - start).square().sum()
        optimiser.zero_grad()
        (loss + PULL * moved).backward()
        optimiser.step()
    return replace(teacher, head=head.requires_grad_(False), origin=f"{teacher.origin}, adapted to {environment}")

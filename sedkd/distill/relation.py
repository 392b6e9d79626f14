"""Relational distillation (RKD, Park et al. 2019): distances between clips, and angles among three of them.

A window stands for the mean of its frames' embeddings. Distances are divided by their mean, so that the two spaces
may differ in scale and in dimension; both terms are Huber losses, as published.
"""

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from sedkd.distill.similarity import clip_means
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Term

DISTANCE_WEIGHT, ANGLE_WEIGHT = 1.0, 2.0  # the paper's 25 : 50


def distances(points: Tensor, present: Tensor) -> Tensor:
    """Distances `[n, n]` of `points` `[n, channels]`, divided by the mean over pairs (equation 6); 0 where one of the
    two is not `present` `[n]`."""
    away, apart = _differences(points, present)
    found = _lengths(away, apart)
    pairs = present.sum() * (present.sum() - 1)
    return found / (found.sum() / pairs.clamp_min(1)).clamp_min(1e-6)


def angles(points: Tensor, present: Tensor) -> Tensor:
    """Cosines `[n, n, n]` of the angle at the first point between the second and the third (equation 8).

    0 where two of the three coincide, since they tell no direction, and where one is not `present` `[n]`.
    """
    away, apart = _differences(points, present)
    direction = torch.where(apart[..., None], away / _lengths(away, apart).clamp_min(1e-12)[..., None], 0.0)
    return direction @ direction.transpose(1, 2)


def _differences(points: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors `[n, n, channels]` from the first to the second, and which pairs `[n, n]` are present and do not all but
    coincide."""
    away = points[None] - points[:, None]
    square = away.detach().square().sum(2)
    both = present[None] * present[:, None] > 0
    return away, both & (square > 1e-6 * square.mean())


def _lengths(away: Tensor, apart: Tensor) -> Tensor:
    """Lengths `[n, n]`, 0 where points coincide: there the root's gradient would know no bound."""
    square = torch.where(apart, away.square().sum(2), 1.0)
    return square.sqrt() * apart


def relation_loss(student: Tensor, teacher: Tensor, present: Tensor | None = None) -> Tensor:
    """Huber losses of distances and angles, means over pairs and triples; embeddings `[n, channels]`, whose channels
    may differ. `present` `[n]` is 0 for points to leave out, in pairs and triples as well."""
    present = torch.ones_like(student[:, 0]) if present is None else present
    points = present.sum().clamp_min(1)
    apart = smooth_l1_loss(distances(student, present), distances(teacher, present), reduction="sum") / points**2
    turned = smooth_l1_loss(angles(student, present), angles(teacher, present), reduction="sum") / points**3
    return DISTANCE_WEIGHT * apart + ANGLE_WEIGHT * turned


class Strategy(Term):
    """See the module's header."""

    in_cohort = True

    def __init__(self, sizes: Sizes, weight: float = 0.3) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_embedding is not None
        ours, theirs = (clip_means(e, batch.valid) for e in (output.embedding, batch.teacher_embedding))
        return relation_loss(ours, theirs, batch.unmixed.amax(1))

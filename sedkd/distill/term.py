"""The seam between training and distillation: a loss term.

A strategy is one file in this folder with a class `Strategy(Term)`. Training calls it with a batch and the student's
output; what it needs besides (a projection, say) it owns as parameters, which are trained along and thrown away.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from sedkd.distill.batch import Batch
from sedkd.models.frame import FrameOutput


@dataclass(frozen=True)
class Sizes:
    """What a strategy may need to know of the two models: embedding channels of student and teacher, labels."""

    student: int
    teacher: int
    labels: int


class Term(nn.Module):
    """One loss term. `weight` is relative to the label term's; `forward` answers a scalar for a batch.

    A subclass named `Strategy` is built with `Strategy(sizes, **parameters)`, the parameters being those that the
    space names `<strategy>.<parameter>`.
    """

    weight: float = 1.0

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        raise NotImplementedError


def mean_where(loss: Tensor, mask: Tensor) -> Tensor:
    """Mean of `loss` over the entries where `mask` (same shape after broadcasting) is 1; 0 where none is."""
    mask = mask.expand_as(loss)
    return (loss * mask).sum() / mask.sum().clamp_min(1.0)

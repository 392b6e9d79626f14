"""Feature hints (FitNets, Romero et al. 2015): the student's frame embedding predicts the teacher's.

A linear projection takes the student's channels to the teacher's; the loss is their mean squared distance, with the
teacher's channels standardised over the batch so that no loud channel dominates.
"""

from torch import Tensor, nn

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Term, mean_where


def hint_loss(projected: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Mean squared distance of `projected` and the standardised `teacher`, both `[batch, frames, channels]`, over the
    valid frames."""
    return mean_where((projected - standardised(teacher, valid)).square(), valid[..., None])


def standardised(teacher: Tensor, valid: Tensor) -> Tensor:
    """`teacher` `[batch, frames, channels]` with mean 0 and standard deviation 1 per channel over its valid frames.

    A channel that does not vary is only centred and stays 0, so that a single valid frame is 0 everywhere.
    """
    mask, count = valid[..., None], valid.sum()
    away = teacher - (teacher * mask).sum((0, 1)) / count.clamp_min(1)
    variance = (away.square() * mask).sum((0, 1)) / (count - 1).clamp_min(1)
    return away / variance.clamp_min(1e-6).sqrt()


class Strategy(Term):
    """The projection belongs to training only and is thrown away afterwards."""

    in_cohort = True

    def __init__(self, sizes: Sizes, weight: float = 0.3) -> None:
        super().__init__()
        self.weight = weight
        self.projection = nn.Linear(sizes.student, sizes.teacher)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_embedding is not None
        return hint_loss(self.projection(output.embedding), batch.teacher_embedding, batch.unmixed)

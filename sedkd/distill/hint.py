"""Feature hints (FitNets, Romero et al. 2015): the student's frame embedding predicts the teacher's.

A linear projection takes the student's channels to the teacher's; the loss is their mean squared distance, with the
teacher's channels standardised over the batch so that no loud channel dominates.
"""

from torch import Tensor, nn

from sedkd.distill.batch import Batch
from sedkd.distill.term import Sizes, Term, mean_where
from sedkd.models.frame import FrameOutput


def hint_loss(projected: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Mean squared distance of `projected` and standardised `teacher` `[batch, frames, channels]` over valid frames."""
    frames = teacher[valid > 0]
    standard = (teacher - frames.mean(0)) / frames.std(0).clamp_min(1e-3)
    return mean_where((projected - standard).square(), valid[..., None])


class Strategy(Term):
    """The projection belongs to training only and is thrown away afterwards."""

    def __init__(self, sizes: Sizes, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight
        self.projection = nn.Linear(sizes.student, sizes.teacher)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_embedding is not None
        return hint_loss(self.projection(output.embedding), batch.teacher_embedding, batch.valid)

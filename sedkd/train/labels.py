"""The labels themselves: what every student learns from, and all that one trained from scratch does."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Term, mean_where


class Labels(Term):
    """Binary cross-entropy per frame and class, where the class is annotated."""

    in_cohort = True

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        loss = binary_cross_entropy_with_logits(output.logits, batch.targets, reduction="none")
        return mean_where(loss, batch.known)

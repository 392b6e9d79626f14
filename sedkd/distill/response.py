"""Response distillation (Hinton et al. 2015), derived for frame-level multi-label targets.

Each class of each frame is a Bernoulli variable of its own, so the softened target is the sigmoid of the teacher's
logit over the temperature T, and the loss is binary cross-entropy: `T^2 * BCE(z_s / T, sigmoid(z_t / T))`. T^2 keeps
the gradient's scale, which shrinks with 1 / T^2 as T grows.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Term, mean_where


def response_loss(student: Tensor, teacher: Tensor, temperature: float | Tensor) -> Tensor:
    """Softened binary cross-entropy per entry; `student` and `teacher` are logits of one shape.

    The teacher's own entropy is subtracted, which leaves the gradient alone and makes 0 the least value (a
    Kullback-Leibler divergence between Bernoulli variables).
    """
    target = torch.sigmoid(teacher / temperature)
    cross = binary_cross_entropy_with_logits(student / temperature, target, reduction="none")
    entropy = binary_cross_entropy_with_logits(teacher / temperature, target, reduction="none")
    return temperature**2 * (cross - entropy)


class Strategy(Term):
    """Labelled and unlabelled clips alike learn the teacher's softened answers."""

    in_cohort = True
    temperature: Tensor

    def __init__(self, sizes: Sizes, temperature: float = 2.0, weight: float = 2.0) -> None:
        super().__init__()
        self.setting("temperature", temperature)
        self.weight = weight

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_logits is not None
        loss = response_loss(output.logits, batch.teacher_logits, self.temperature)
        return mean_where(loss, batch.valid[..., None])

"""Decoupled response distillation (DKD, Zhao et al. 2022), derived for frame-level multi-label targets.

For a softmax, DKD splits the Kullback-Leibler divergence into the part of the target class and the part among the
others, and weighs the two apart. With sigmoids each class of each frame is a Bernoulli variable of its own and there
are no "others" within one variable; what is coupled is the mean over entries, in which the few active ones (target)
drown among the many inactive ones (non-target). So the softened divergence of `response` is averaged over the two
kinds of entries apart: `a * mean over target entries + (1 - a) * mean over non-target entries`.
"""

import torch
from torch import Tensor

from sedkd.distill.response import response_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Term, mean_where


class Strategy(Term):
    """`target_share` is a: 0.5 gives active and inactive entries the same say, however rare events are."""

    in_cohort = True
    temperature: Tensor
    target_share: Tensor

    def __init__(self, sizes: Sizes, temperature: float = 2.0, target_share: float = 0.5, weight: float = 1.0) -> None:
        super().__init__()
        if not 0 <= target_share <= 1:
            raise ValueError(f"decoupled.target_share must lie in 0..1, not {target_share}")
        self.setting("temperature", temperature)
        self.setting("target_share", target_share)
        self.weight = weight

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        assert batch.teacher_logits is not None
        loss = response_loss(output.logits, batch.teacher_logits, self.temperature)
        active, valid = target_entries(batch), batch.valid[..., None]
        target, other = mean_where(loss, valid * active), mean_where(loss, valid * (1 - active))
        return self.target_share * target + (1 - self.target_share) * other


def target_entries(batch: Batch) -> Tensor:
    """1 where a class is active, `[batch, frames, labels]`: by annotation, and by the teacher where there is none."""
    assert batch.teacher_logits is not None
    said = (batch.teacher_logits > 0).float()
    return torch.where(batch.known > 0, (batch.targets >= 0.5).float(), said)

"""Attention transfer (AT, Zagoruyko & Komodakis 2017, activation-based) over time and frequency.

A feature map's attention is its energy, the mean of its squared activations over the channels: where in time and
frequency the network looks. Student's and teacher's, brought to one number of bands and to unit length over the whole
window, are to agree; their numbers of channels need not.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool1d, normalize

from sedkd.errors import UserError
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes, Teaching, Term, mean_where

if TYPE_CHECKING:
    from sedkd.models.settings import StudentSettings

NO_MAP = "this teacher has no feature map at its output's rate; use another"


def energy(feature_map: Tensor) -> Tensor:
    """Attention `[batch, frames, bands]` of a feature map `[batch, channels, frames, bands]`."""
    return feature_map.square().mean(1)


def attention_loss(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Mean squared distance of two attentions `[batch, frames, bands]` of unit length over the window's valid frames;
    windows without one do not count.

    The finer of the two is averaged to the coarser one's bands. Unit vectors lie 0 to 2 apart (no entry of an energy
    is negative), whatever their length.
    """
    bands = min(student.shape[2], teacher.shape[2])
    mask = valid[..., None]
    ours, theirs = (normalize((adaptive_avg_pool1d(m, bands) * mask).flatten(1), dim=1) for m in (student, teacher))
    return mean_where((ours - theirs).square().sum(1), valid.amax(1))


class Strategy(Term):
    """The map is taken where both networks have reached the output's rate and can still tell frequencies."""

    in_cohort = True

    def __init__(self, sizes: Sizes, weight: float = 0.3) -> None:
        super().__init__()
        self.weight = weight

    @classmethod
    def lack(cls, task: Teaching, student: "StudentSettings") -> str | None:
        return None if task.targets.attention is not None else NO_MAP

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        if batch.teacher_attention is None:
            raise UserError(f"strategy attention: {NO_MAP}")
        assert output.feature_map is not None
        # The teacher's is stored as a root mean square, whose range fp16 can hold.
        theirs = torch.square(batch.teacher_attention)
        return attention_loss(energy(output.feature_map), theirs, batch.unmixed)

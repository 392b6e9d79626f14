"""Several teachers as one: the mean of their logits, or a mean weighted per class by their F1 on validation.

The mean of logits is the geometric mean of the odds (You et al. 2017 average teachers' outputs likewise); a weight
per class lets the teacher that hears a class best speak for it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sedkd.train.corpus import TeacherOutputs


def combined(outputs: Sequence[TeacherOutputs], weights: Tensor) -> TeacherOutputs:
    """The first teacher's outputs with the weighted mean of all teachers' logits; `weights` `[teachers, labels]`.

    Logits are `[frames, labels]` of one shape; weights need not sum to 1, but must not be 0 for a whole class.
    """
    shares = (weights / weights.sum(0, keepdim=True)).to(outputs[0].logits.device)
    parts = [share * found.logits.float() for share, found in zip(shares, outputs, strict=True)]
    return replace(outputs[0], logits=torch.stack(parts).sum(0).to(outputs[0].logits.dtype))


def weights_from(scores: Sequence[Sequence[float | None]]) -> Tensor:
    """Weights `[teachers, labels]` proportional to F1 per teacher and class.

    A class without a score (None: validation holds no such event), or in which every teacher has 0, is shared evenly.
    """
    table = np.array([[np.nan if s is None else s for s in row] for row in scores], dtype=float)
    even = ~np.isfinite(table).all(0) | (np.nansum(table, axis=0) == 0)
    table[:, even] = 1.0
    return torch.from_numpy(table).float()

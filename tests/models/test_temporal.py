"""Layers over time: shapes, and how far each looks."""

import pytest
import torch
from torch import Tensor

from sedkd.models.temporal import HEADS, temporal_head


def reach(kind: str) -> Tensor:
    """The frames whose answer depends on frame 10 of 21, `[21]`."""
    torch.manual_seed(0)
    head, outputs = temporal_head(kind, 6)
    embedding = torch.randn(1, 21, 6, requires_grad=True)
    changed = embedding.detach().clone()
    changed[0, 10] += 1
    answer = head(embedding)
    assert answer.shape == (1, 21, outputs)
    return (answer - head(changed)).abs().amax(-1)[0] > 0


def test_how_far_each_looks() -> None:
    assert reach("none").nonzero()[:, 0].tolist() == [10]
    assert reach("gru").all()  # both ways


def test_an_unknown_head() -> None:
    with pytest.raises(ValueError, match=f"head must be one of {', '.join(HEADS)}, not lstm"):
        temporal_head("lstm", 6)

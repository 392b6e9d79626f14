"""The label term: cross-entropy where a class is annotated."""

import numpy as np
import pytest
import torch

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.labels import Labels
from sedkd.train.term import mean_where


def batch(known: torch.Tensor, targets: torch.Tensor) -> Batch:
    return Batch(torch.zeros(2, 12, 4), targets, known, torch.ones(2, 3), None, None)


def test_cross_entropy_by_hand() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 2), torch.rand(2, 3, 2)
    known = torch.tensor([[[1, 0], [1, 1], [0, 0]], [[1, 1], [1, 1], [0, 1]]]).float()
    found = Labels()(batch(known, targets), FrameOutput(logits, logits))
    p, t, k = 1 / (1 + np.exp(-logits.numpy())), targets.numpy(), known.numpy()
    entries = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    assert float(found) == pytest.approx((entries * k).sum() / k.sum(), rel=1e-5)


def test_what_is_unknown_has_no_gradient() -> None:
    logits = torch.zeros(2, 3, 2, requires_grad=True)
    known = torch.zeros(2, 3, 2)
    known[0, 1, 1] = 1
    Labels()(batch(known, torch.ones(2, 3, 2)), FrameOutput(logits, logits)).backward()
    assert logits.grad.nonzero().tolist() == [[0, 1, 1]]


def test_nothing_known_is_no_loss() -> None:
    logits = torch.randn(2, 3, 2, requires_grad=True)
    loss = Labels()(batch(torch.zeros(2, 3, 2), torch.ones(2, 3, 2)), FrameOutput(logits, logits))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_mean_where_counts_what_it_broadcasts() -> None:
    loss = torch.tensor([[[1.0, 3.0], [5.0, 7.0]]])
    assert float(mean_where(loss, torch.tensor([[[1.0], [0.0]]]))) == 2
    assert float(mean_where(loss, torch.ones(1, 2, 1))) == 4
    assert float(mean_where(loss, torch.zeros(1, 2, 1))) == 0

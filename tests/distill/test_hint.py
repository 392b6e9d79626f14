"""Hints: the student's embedding, projected, against the teacher's, standardised."""

import pytest
import torch

from sedkd.distill.hint import Strategy, hint_loss, standardised
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes


def by_rows(teacher: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    rows = teacher[valid > 0]
    return (teacher - rows.mean(0)) / rows.std(0)


def test_by_hand() -> None:
    teacher = torch.tensor([[[1.0, 10.0], [3.0, 10.0]]])
    # Mean 2 and deviation sqrt 2 give -+ 1 / sqrt 2; the channel that never moves is 0.
    projected = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    assert float(hint_loss(projected, teacher, torch.ones(1, 2))) == pytest.approx((0.5 + 0.5 + 1) / 4)


def test_the_least_value_is_the_standardised_teacher() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(3, 8, 5) * torch.tensor([1.0, 10.0, 100.0, 0.1, 1.0]) + 7
    valid = torch.ones(3, 8)
    assert float(hint_loss(by_rows(teacher, valid), teacher, valid)) == pytest.approx(0, abs=1e-9)
    off = by_rows(teacher, valid)
    off[..., 2] += 1
    assert float(hint_loss(off, teacher, valid)) == pytest.approx(1 / 5, rel=1e-4)


def test_no_channel_is_louder_than_another() -> None:
    torch.manual_seed(0)
    teacher, projected, valid = torch.randn(2, 6, 3), torch.randn(2, 6, 3), torch.ones(2, 6)
    loud = teacher * torch.tensor([1.0, 1000.0, 0.5]) + torch.tensor([5.0, -3.0, 0.0])
    torch.testing.assert_close(hint_loss(projected, loud, valid), hint_loss(projected, teacher, valid))


def test_frames_past_the_end_count_nowhere() -> None:
    torch.manual_seed(0)
    teacher, projected = torch.randn(2, 6, 3), torch.randn(2, 6, 3)
    valid = torch.ones(2, 6)
    valid[1, 2:] = 0
    before = hint_loss(projected, teacher, valid)
    teacher[1, 2:], projected[1, 2:] = 1e4, -1e4
    torch.testing.assert_close(hint_loss(projected, teacher, valid), before)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_mean_and_deviation_are_those_of_the_valid_frames(dtype: torch.dtype, rtol: float) -> None:
    torch.manual_seed(0)
    teacher = torch.randn(4, 9, 3, dtype=dtype) * torch.tensor([1.0, 50.0, 0.02], dtype=dtype) + 7
    valid = (torch.arange(9) < torch.tensor([9, 5, 0, 2])[:, None]).to(dtype)
    torch.testing.assert_close(standardised(teacher, valid), by_rows(teacher, valid), rtol=rtol, atol=100 * rtol)
    two = (torch.arange(9) < torch.tensor([1, 1, 0, 0])[:, None]).to(dtype)  # the fewest that have a deviation
    torch.testing.assert_close(standardised(teacher, two), by_rows(teacher, two), rtol=rtol, atol=1e4 * rtol)


@pytest.mark.parametrize("valid", [0, 1])
def test_without_two_valid_frames_nothing_varies(valid: int) -> None:
    """Of one frame the teacher says 0 throughout; of none it says nothing."""
    mask, projected = torch.zeros(2, 6), torch.full((2, 6, 3), 0.5, requires_grad=True)
    mask[0, :valid] = 1
    loss = hint_loss(projected, 100 * torch.randn(2, 6, 3), mask)
    loss.backward()
    assert loss.item() == pytest.approx(0.25 * valid)
    assert projected.grad.isfinite().all()
    assert projected.grad.sum() == pytest.approx(valid)


def test_the_projection_learns() -> None:
    torch.manual_seed(0)
    strategy = Strategy(Sizes(student=4, teacher=6, labels=2), weight=0.3)
    embedding = torch.randn(8, 10, 4)
    teacher = torch.nn.functional.linear(embedding, torch.randn(6, 4), torch.randn(6))
    batch = Batch(embedding, embedding, embedding, torch.ones(8, 10), None, teacher)
    optimiser = torch.optim.Adam(strategy.parameters(), 0.05)
    losses = []
    for _ in range(150):
        loss = strategy(batch, FrameOutput(embedding, embedding))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.8
    assert losses[-1] < 0.01
    assert strategy.weight == 0.3


def test_the_gradient_reaches_the_student() -> None:
    strategy = Strategy(Sizes(4, 6, 2))
    embedding = torch.randn(2, 5, 4, requires_grad=True)
    batch = Batch(embedding, embedding, embedding, torch.ones(2, 5), None, torch.randn(2, 5, 6))
    strategy(batch, FrameOutput(embedding, embedding)).backward()
    assert embedding.grad.abs().sum() > 0

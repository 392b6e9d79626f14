"""Response distillation: the softened binary divergence, by hand and by its properties."""

import numpy as np
import pytest
import torch

from sedkd.distill.response import Strategy, response_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Sizes

SIZES = Sizes(4, 4, 2)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 6.0])
def test_against_numpy(temperature: float) -> None:
    rng = np.random.default_rng(0)
    student, teacher = rng.normal(size=(2, 7, 3)) * 3, rng.normal(size=(2, 7, 3)) * 3
    p, q = sigmoid(teacher / temperature), sigmoid(student / temperature)
    divergence = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    found = response_loss(torch.tensor(student), torch.tensor(teacher), temperature)
    np.testing.assert_allclose(found, temperature**2 * divergence, rtol=1e-9, atol=1e-12)


def test_the_gradient_is_that_of_the_cross_entropy() -> None:
    """T^2 BCE(z_s / T, sigmoid(z_t / T)) has the gradient T (sigmoid(z_s / T) - sigmoid(z_t / T))."""
    for temperature in (1.0, 3.0):
        student, teacher = torch.randn(50, requires_grad=True), torch.randn(50)
        response_loss(student, teacher, temperature).sum().backward()
        expected = temperature * (torch.sigmoid(student / temperature) - torch.sigmoid(teacher / temperature))
        torch.testing.assert_close(student.grad, expected.detach(), atol=1e-6, rtol=1e-4)


def test_the_gradients_scale_does_not_depend_on_the_temperature() -> None:
    """For small logits the gradient tends to (z_s - z_t) / 4, whatever T."""
    teacher = 0.1 * torch.randn(200)
    sizes = []
    for temperature in (1.0, 2.0, 4.0, 8.0):
        student = torch.zeros(200, requires_grad=True)
        response_loss(student, teacher, temperature).sum().backward()
        torch.testing.assert_close(student.grad, -teacher / 4, atol=1e-4, rtol=0.01)
        sizes.append(float(student.grad.norm()))
    assert max(sizes) / min(sizes) < 1.01


def test_the_least_value_is_at_the_teachers_logits() -> None:
    teacher = torch.linspace(-6, 6, 25, dtype=torch.float64)
    for temperature in (1.0, 4.0):
        at = teacher.clone().requires_grad_()
        loss = response_loss(at, teacher, temperature)
        loss.sum().backward()
        assert float(loss.detach().abs().max()) < 1e-12
        assert float(at.grad.abs().max()) < 1e-12
        for step in (-0.1, 0.1):
            assert (response_loss(teacher + step, teacher, temperature) > 0).all()


def test_extreme_logits_stay_finite() -> None:
    student = torch.tensor([80.0, -80.0], requires_grad=True)
    loss = response_loss(student, torch.tensor([-80.0, 80.0]), 1.0)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert student.grad.tolist() == pytest.approx([1, -1])


def batch(valid: torch.Tensor, teacher: torch.Tensor) -> Batch:
    shape = teacher.shape
    return Batch(torch.zeros(shape[0], 1, 1), torch.zeros(shape), torch.zeros(shape), valid, teacher, teacher)


def test_every_frame_of_audio_counts_labelled_or_not() -> None:
    torch.manual_seed(0)
    teacher, logits = torch.randn(2, 3, 2), torch.randn(2, 3, 2)
    valid = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    found = Strategy(SIZES, temperature=2.0)(batch(valid, teacher), FrameOutput(logits, logits))
    entries = response_loss(logits, teacher, 2.0)
    expected = torch.cat([entries[0, :2], entries[1, :1]]).mean()  # `known` is 0 everywhere
    torch.testing.assert_close(found, expected)


def test_parameters() -> None:
    strategy = Strategy(SIZES, temperature=3.0, weight=0.5)
    assert (strategy.temperature, strategy.weight) == (3.0, 0.5)
    assert list(strategy.parameters()) == []

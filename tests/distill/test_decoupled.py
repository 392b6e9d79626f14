"""Decoupled response distillation: active and inactive entries are averaged apart."""

import numpy as np
import pytest
import torch
from bands import corpus, distilled, student, weights
from torch import Tensor

from sedkd.distill.decoupled import Strategy, target_entries
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs
from sedkd.train.term import Sizes

SIZES = Sizes(4, 4, 2)
# One window of four frames, the last past the end; label 0 is annotated, label 1 is not.
TARGETS = torch.tensor([[[1.0, 1.0], [0.4, 0.0], [0.0, 0.0], [1.0, 0.0]]])
KNOWN = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]])
VALID = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
# It contradicts the annotation of label 0 in the first two frames.
TEACHER = torch.tensor([[[-1.0, 3.0], [2.0, -1.0], [-4.0, -0.5], [60.0, -60.0]]])
STUDENT = torch.tensor([[[0.5, 0.0], [-1.0, 1.0], [0.0, 2.0], [-60.0, 60.0]]])
ACTIVE = [(0, 0), (0, 1)]
INACTIVE = [(1, 0), (2, 0), (1, 1), (2, 1)]


def batch(teacher: Tensor = TEACHER, targets: Tensor = TARGETS, known: Tensor = KNOWN, valid: Tensor = VALID) -> Batch:
    return Batch(torch.zeros(1, 16, 4), targets, known, valid, teacher, None)


def divergences(temperature: float) -> np.ndarray:
    """T^2 KL between the softened Bernoulli variables of every entry."""
    p, q = (1 / (1 + np.exp(-z[0].double().numpy() / temperature)) for z in (TEACHER, STUDENT))
    with np.errstate(divide="ignore", invalid="ignore"):
        return temperature**2 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_by_hand(temperature: float, share: float) -> None:
    entry = divergences(temperature)
    active, inactive = (np.mean([entry[at] for at in places]) for places in (ACTIVE, INACTIVE))
    found = Strategy(SIZES, temperature, share)(batch(), FrameOutput(STUDENT, STUDENT))
    assert float(found) == pytest.approx(share * active + (1 - share) * inactive, rel=1e-5)


def test_the_label_decides_where_there_is_one_and_the_teacher_elsewhere() -> None:
    assert target_entries(batch())[0, :3].tolist() == [[1, 1], [0, 0], [0, 0]]
    half = batch(targets=TARGETS.clamp_min(0.5))
    assert target_entries(half)[0, :3].tolist() == [[1, 1], [1, 0], [1, 0]]


def test_inactive_frames_however_many_do_not_drown_the_active_ones() -> None:
    strategy, many = Strategy(SIZES), 50

    def longer(x: Tensor) -> Tensor:
        return torch.cat([x[:, :3], x[:, 1:3].repeat(1, many, *[1] * (x.dim() - 2))], dim=1)

    before = strategy(batch(), FrameOutput(STUDENT, STUDENT))
    stretched = batch(*map(longer, (TEACHER, TARGETS, KNOWN, VALID)))
    after = strategy(stretched, FrameOutput(longer(STUDENT), longer(STUDENT)))
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize(("share", "moved"), [(1.0, ACTIVE), (0.0, INACTIVE), (0.5, ACTIVE + INACTIVE)])
def test_the_gradient_reaches_the_share_of_the_students_entries(share: float, moved: list) -> None:
    logits = STUDENT.clone().requires_grad_()
    Strategy(SIZES, target_share=share)(batch(), FrameOutput(logits, logits)).backward()
    assert {tuple(at) for at in logits.grad[0].nonzero().tolist()} == set(moved)


def test_without_any_active_entry_the_inactive_ones_still_count() -> None:
    logits = STUDENT.clone().requires_grad_()
    quiet = batch(teacher=-TEACHER.abs(), targets=torch.zeros_like(TARGETS))
    loss = Strategy(SIZES)(quiet, FrameOutput(logits, logits))
    loss.backward()
    assert loss.item() > 0
    assert logits.grad.isfinite().all()


def test_nothing_is_left_to_learn_at_the_teachers_answers() -> None:
    assert float(Strategy(SIZES)(batch(), FrameOutput(TEACHER, TEACHER))) == pytest.approx(0, abs=1e-6)


def test_parameters() -> None:
    strategy = Strategy(SIZES, temperature=3.0, target_share=0.2, weight=0.5)
    assert (strategy.temperature, strategy.target_share, strategy.weight) == (3.0, 0.2, 0.5)
    assert list(strategy.parameters()) == []
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match=r"decoupled\.target_share must lie in 0\.\.1"):
            Strategy(SIZES, target_share=share)


def test_it_trains_and_leaves_the_teachers_answers_alone() -> None:
    torch.manual_seed(0)
    outputs = TeacherOutputs(torch.randn(144, 2), torch.randn(144, 5))
    before = outputs.logits.clone()
    model, _ = distilled("decoupled", corpus(unlabeled=2).taught_by(outputs))
    assert torch.equal(outputs.logits, before)
    assert not torch.equal(model.classifier.weight, weights(student())["classifier.weight"])

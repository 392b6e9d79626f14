"""A teacher trained along: wider, of one family, and deaf to its student."""

import copy
from dataclasses import replace

import pytest
import torch
from bands import LABELS, QUICK, SIZES, accuracy, corpus, distilled, same, student, weights
from torch import Tensor, nn

from sedkd.distill.joint import Strategy
from sedkd.distill.response import response_loss
from sedkd.errors import UserError
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.batch import Batch
from sedkd.train.optimiser import optimiser_for
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson


def begun(**parameters: float) -> Strategy:
    strategy = Strategy(SIZES, **parameters)
    strategy.begin(Lesson(student(), corpus(), QUICK))
    return strategy


def windows() -> Batch:
    """Two labelled windows, of which the second ends after four frames, and an unlabelled one."""
    batch = corpus(unlabeled=1).window(torch.tensor([0, 1, 5]), torch.tensor([0, 20, 3]), 8)
    assert batch.valid.sum(1).tolist() == [8, 4, 8]
    return batch


def answers(seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(3, 8, 2)


@pytest.mark.parametrize("widening", [1, 2, 3])
def test_the_teacher_is_as_many_times_as_wide(widening: int) -> None:
    model = Student(StudentSettings(6, 3, block="conv", head="gru"), LABELS)
    model.standardise_by(*corpus().statistics())
    before, strategy = weights(model), Strategy(SIZES, widening=widening)
    strategy.begin(Lesson(model, corpus(), QUICK))
    teacher = strategy.peer.model
    assert teacher.settings == StudentSettings(6 * widening, 3, block="conv", head="gru")
    assert teacher.stem[0].out_channels == 6 * widening
    assert teacher.labels == LABELS
    assert torch.equal(teacher.mean, model.mean)
    assert torch.equal(teacher.std, model.std)
    assert same(before, weights(model))
    assert not torch.equal(teacher.stem[0].weight[:6], model.stem[0].weight)
    assert list(strategy.parameters()) == []


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_students_loss_by_hand(temperature: float) -> None:
    strategy, batch, logits = begun(temperature=temperature), windows(), answers().requires_grad_()
    heard = copy.deepcopy(strategy.peer.model)(batch.features).logits.detach()
    found = strategy(batch, FrameOutput(logits, logits))
    entry = response_loss(logits, heard, temperature)
    torch.testing.assert_close(found, torch.cat([entry[0], entry[1, :4], entry[2]]).mean())
    assert logits.grad is None
    teacher = [p.grad.clone() for p in strategy.peer.model.parameters()]
    found.backward()
    assert logits.grad.abs().sum() > 0
    after = [p.grad for p in strategy.peer.model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(after, teacher, strict=True))


def test_the_teachers_step_by_hand() -> None:
    """The labels and nothing else, where they are annotated."""
    strategy, batch = begun(), windows()
    twin = copy.deepcopy(strategy.peer.model)
    optimiser = optimiser_for(list(twin.parameters()), QUICK)
    heard = twin(batch.features).logits
    entry = nn.functional.binary_cross_entropy_with_logits(heard, batch.targets, reduction="none")
    torch.cat([entry[0], entry[1, :4]]).mean().backward()
    nn.utils.clip_grad_norm_(twin.parameters(), 5.0)
    optimiser.step()
    strategy(batch, FrameOutput(answers(), answers()))
    for name, value in weights(strategy.peer.model).items():
        torch.testing.assert_close(value, twin.state_dict()[name], atol=1e-6, rtol=1e-4)


def test_the_teacher_is_deaf_to_its_student() -> None:
    def teacher_after(seed: int, batch: Batch) -> dict[str, Tensor]:
        strategy, logits = begun(), 5 * answers(seed)
        for _ in range(3):
            strategy(batch, FrameOutput(logits, logits))
        return weights(strategy.peer.model)

    assert same(teacher_after(0, windows()), teacher_after(1, windows()))
    other = replace(windows(), targets=1 - windows().targets)
    assert not same(teacher_after(0, windows()), teacher_after(0, other))


def test_both_learn() -> None:
    settings = TrainSettings(steps=50, batch=6, frames=12, learning_rate=2e-2)
    model, (_, term) = distilled("joint", corpus(), settings)
    assert accuracy(student(), corpus()) < 0.65
    assert accuracy(model, corpus()) > 0.75
    assert accuracy(term.peer.model, corpus()) > 0.9


def test_without_a_teacher_and_the_same_twice() -> None:
    settings = replace(QUICK, unlabeled_share=0.5, seed=3)
    first, second = (weights(distilled("joint", corpus(unlabeled=2), settings)[0]) for _ in range(2))
    assert same(first, second)
    assert not same(first, weights(distilled("none", corpus(unlabeled=2), settings)[0]))


class Other(FrameModel):
    """A network of another family."""

    labels = LABELS


def test_another_family_cannot_be_widened() -> None:
    with pytest.raises(UserError, match="strategy joint: widens students of sedkd's own family only") as caught:
        Strategy(SIZES).begin(Lesson(Other(), corpus(), QUICK))
    assert "\n" not in str(caught.value)


def test_parameters() -> None:
    strategy = Strategy(SIZES, widening=3, temperature=1.5, weight=0.5)
    assert (strategy.widening, strategy.temperature, strategy.weight) == (3, 1.5, 0.5)
    with pytest.raises(ValueError, match=r"joint\.widening must be at least 1, not 0"):
        Strategy(SIZES, widening=0)

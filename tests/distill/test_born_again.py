"""Born-again networks: a predecessor that was trained, stays as it is, and is followed."""

from dataclasses import replace

import pytest
import torch
from bands import LABELS, QUICK, SIZES, accuracy, corpus, distilled, same, student, weights
from torch import Tensor

from sedkd.distill.born_again import Strategy
from sedkd.distill.response import response_loss
from sedkd.models.frame import FrameOutput
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.fit import fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson


class Watched(Strategy):
    """Keeps the predecessor's weights as they were before the student's first step, and the student's."""

    def begin(self, lesson: Lesson) -> None:
        before = weights(lesson.model)
        super().begin(lesson)
        assert same(before, weights(lesson.model))
        self.predecessor, self.start = weights(self.model), before


def trained(settings: TrainSettings, **parameters: float) -> tuple[Student, Watched]:
    model, term = student(settings.seed), Watched(SIZES, **parameters)
    fit(model, corpus(), [Labels(), term], settings)
    return model, term


def test_the_predecessor_was_trained_and_does_not_move() -> None:
    model, term = trained(TrainSettings(steps=50, batch=6, frames=12, learning_rate=2e-2))
    predecessor = term.model
    assert accuracy(student(), corpus()) < 0.65
    assert accuracy(predecessor, corpus()) > 0.75
    assert accuracy(model, corpus()) > 0.75
    assert same(term.predecessor, weights(predecessor))  # running statistics too
    assert predecessor is not model
    assert list(term.parameters()) == []


def test_the_student_starts_from_other_weights() -> None:
    """A predecessor that hardly learns shows where it began."""
    _, term = trained(replace(QUICK, steps=2, learning_rate=1e-9, weight_decay=0.0))
    for name in ("stem.0.weight", "classifier.weight", "classifier.bias"):
        assert float((term.predecessor[name] - term.start[name]).abs().max()) > 0.01


def test_feature_statistics_are_handed_on() -> None:
    model, term = student(), Watched(SIZES)
    model.standardise_by(*corpus().statistics())
    fit(model, corpus(), [Labels(), term], replace(QUICK, steps=2))
    assert torch.equal(term.predecessor["mean"], corpus().statistics()[0])
    assert torch.equal(term.predecessor["std"], corpus().statistics()[1])


class Counted(Student):
    """Counts how often any network of its kind answers, training and trained."""

    heard: dict[bool, int]

    def forward(self, features: Tensor) -> FrameOutput:
        self.heard[self.training] += 1
        return super().forward(features)


@pytest.mark.parametrize("generations", [1, 3])
def test_generations(generations: int) -> None:
    """Each takes as many steps as the student, and each but the first hears its predecessor at every one."""
    torch.manual_seed(0)
    Counted.heard = {True: 0, False: 0}
    term = Strategy(SIZES, generations=generations)
    fit(Counted(StudentSettings(8, 2), LABELS), corpus(), [Labels(), term], replace(QUICK, steps=4))
    assert Counted.heard == {True: 4 * (generations + 1), False: 4 * generations}


def test_each_generation_follows_as_closely_as_it_is_told() -> None:
    """With no weight, the second generation learns from the labels alone: other weights than with much of it."""
    alone, close = (trained(QUICK, generations=2, weight=weight)[1].predecessor for weight in (0.0, 20.0))
    assert not same(alone, close)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_loss_by_hand(temperature: float) -> None:
    term = Strategy(SIZES, temperature=temperature)
    term.aside("model", student().eval())
    batch = corpus(unlabeled=6).window(torch.tensor([0, 1]), torch.tensor([0, 20]), 8)  # the second: four frames
    heard = term.model(batch.features).logits.detach()
    torch.manual_seed(0)
    logits = torch.randn_like(heard).requires_grad_()
    found = term(batch, FrameOutput(logits, logits))
    entry = response_loss(logits, heard, temperature)
    torch.testing.assert_close(found, torch.cat([entry[0], entry[1, :4]]).mean())
    assert float(term(batch, FrameOutput(heard, heard))) == pytest.approx(0, abs=1e-6)
    found.backward()
    assert logits.grad[0].abs().sum() > 0
    assert all(p.grad is None for p in term.model.parameters())


def test_without_a_teacher_and_the_same_twice() -> None:
    settings = replace(QUICK, unlabeled_share=0.5, seed=3)
    first, second = (weights(distilled("born_again", corpus(unlabeled=2), settings)[0]) for _ in range(2))
    assert same(first, second)
    assert not same(first, weights(distilled("none", corpus(unlabeled=2), settings)[0]))


def test_parameters() -> None:
    strategy = Strategy(SIZES, generations=2, temperature=3.0, weight=0.5)
    assert (strategy.generations, strategy.temperature, strategy.weight) == (2, 3.0, 0.5)
    with pytest.raises(ValueError, match=r"born_again\.generations must be at least 1, not 0"):
        Strategy(SIZES, generations=0)

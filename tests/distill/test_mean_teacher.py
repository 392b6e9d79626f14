"""Mean teacher: the average by hand, the ramp, and a teacher that nothing but the average moves."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from bands import QUICK, SIZES, corpus, distilled, same, student, weights
from torch import Tensor

from sedkd.distill.mean_teacher import Strategy, ramp
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.fit import fit
from sedkd.train.labels import Labels
from sedkd.train.term import Lesson


def begun(strategy: Strategy, steps: int = 10) -> Strategy:
    strategy.begin(Lesson(student(), corpus(), replace(QUICK, steps=steps)))
    return strategy


def test_the_average_by_hand() -> None:
    """The plain mean at first (of the start and one weight, 1 / 2 each), then 0.6 of the old and 0.4 of the new."""
    strategy = begun(Strategy(SIZES, decay=0.6))
    learner, teacher = strategy.student, strategy.teacher
    start = teacher.classifier.weight.clone()
    assert same(weights(learner), weights(teacher))
    expected = start
    for keep, value in ((0.5, 3.0), (0.6, -1.0), (0.6, 7.0)):
        with torch.no_grad():
            learner.classifier.weight.fill_(value)
        strategy.after_step()
        expected = keep * expected + (1 - keep) * value
        torch.testing.assert_close(teacher.classifier.weight.detach(), expected.detach())
    assert (learner.classifier.weight == 7).all()
    torch.testing.assert_close(teacher.stem[0].weight, learner.stem[0].weight)  # which did not move


def test_a_slow_average_is_the_mean_of_all_weights_at_first() -> None:
    strategy = begun(Strategy(SIZES, decay=0.999))
    learner, teacher = strategy.student, strategy.teacher
    seen = [learner.classifier.bias.clone()]
    for step in range(20):
        with torch.no_grad():
            learner.classifier.bias.fill_(float(step**2))
        seen.append(learner.classifier.bias.clone())
        strategy.after_step()
    torch.testing.assert_close(teacher.classifier.bias, torch.stack(seen).mean(0))


def test_the_ramp() -> None:
    assert ramp(0.0) == pytest.approx(math.exp(-5))
    assert ramp(0.5) == pytest.approx(math.exp(-1.25))
    assert ramp(1.0) == ramp(7.0) == 1


def test_the_weight_rises_over_three_tenths_of_the_steps() -> None:
    strategy = begun(Strategy(SIZES, weight=2.0), steps=20)
    told = [strategy.weight]
    for _ in range(8):
        strategy.after_step()
        told.append(strategy.weight)
    assert told == pytest.approx([2 * ramp(step / 6) for step in range(9)])
    assert told[5] < told[6] == told[8] == 2


def test_consistency_by_hand() -> None:
    """The mean squared difference of probabilities over frames of audio, labelled or not; the teacher hears all."""
    strategy = begun(Strategy(SIZES))
    data = corpus(unlabeled=6)
    batch = data.window(torch.tensor([0, 1]), torch.tensor([0, 20]), 8)  # the second ends after four frames
    assert batch.valid.sum(1).tolist() == [8, 4]
    heard = copy.deepcopy(strategy.teacher)(batch.features).logits.detach()
    assert float(strategy(batch, FrameOutput(heard, heard))) == pytest.approx(0, abs=1e-10)
    torch.manual_seed(0)
    logits = torch.randn_like(heard)
    entry = (logits.sigmoid() - heard.sigmoid()).square()
    expected = torch.cat([entry[0], entry[1, :4]]).mean()
    torch.testing.assert_close(strategy(batch, FrameOutput(logits, logits)), expected)


def test_nothing_but_the_average_moves_the_teacher() -> None:
    strategy = begun(Strategy(SIZES))
    learner, teacher = strategy.student, strategy.teacher
    assert list(strategy.parameters()) == []
    batch = corpus().window(torch.tensor([0, 1]), torch.tensor([0, 0]), 8)
    output = learner(batch.features * 0.9)
    strategy(batch, output).backward()
    assert not any(p.requires_grad or p.grad is not None for p in teacher.parameters())
    assert learner.stem[0].weight.grad.abs().sum() > 0


class Observed(Strategy):
    """Keeps the consistency of every step."""

    def begin(self, lesson: Lesson) -> None:
        super().begin(lesson)
        self.told: list[float] = []

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        found = super().forward(batch, output)
        self.told.append(found.item())
        return found


def test_consistency_falls() -> None:
    """At the end, student and average agree better when they are asked to."""

    def end(weight: float) -> float:
        term = Observed(SIZES, weight=weight)
        fit(student(), corpus(unlabeled=3), [Labels(), term], replace(QUICK, steps=40, unlabeled_share=0.5))
        assert len(term.told) == 40
        return sum(term.told[-10:])

    assert end(10.0) < 0.7 * end(0.0)


def test_the_average_follows_a_student_that_trains() -> None:
    model, (_, term) = distilled("mean_teacher", corpus(), decay=0.5)
    assert term.student is model
    average, start, end = (weights(m)["classifier.weight"] for m in (term.teacher, student(), model))
    assert 0 < (average - end).abs().max() < 0.5 * (start - end).abs().max()


def test_without_a_teacher_and_the_same_twice() -> None:
    settings = replace(QUICK, unlabeled_share=0.5, seed=3)
    first, second = (weights(distilled("mean_teacher", corpus(unlabeled=2), settings)[0]) for _ in range(2))
    assert same(first, second)
    assert not same(first, weights(distilled("none", corpus(unlabeled=2), settings)[0]))


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_out_of_range(decay: float) -> None:
    with pytest.raises(ValueError, match=r"mean_teacher\.decay must lie in 0\.\.1"):
        Strategy(SIZES, decay=decay)

"""Mutual learning: two students, each with its own weights, gradients and optimiser."""

import copy
from dataclasses import replace

import pytest
import torch
from bands import QUICK, SIZES, accuracy, corpus, distilled, same, student, weights
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sedkd.distill.mutual import Strategy
from sedkd.distill.response import response_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.optimiser import optimiser_for
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson


def begun(temperature: float = 1.0) -> Strategy:
    strategy = Strategy(SIZES, temperature=temperature)
    strategy.begin(Lesson(student(), corpus(), QUICK))
    return strategy


def windows() -> Batch:
    """Two labelled windows, of which the second ends after four frames, and an unlabelled one."""
    batch = corpus(unlabeled=1).window(torch.tensor([0, 1, 5]), torch.tensor([0, 20, 3]), 8)
    assert batch.valid.sum(1).tolist() == [8, 4, 8]
    assert batch.known.sum((1, 2)).tolist() == [16, 8, 0]
    return batch


def answers(seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(3, 8, 2)


def of_audio(entry: Tensor) -> Tensor:
    return torch.cat([entry[0], entry[1, :4], entry[2]]).mean()


def test_both_learn() -> None:
    settings = TrainSettings(steps=50, batch=6, frames=12, learning_rate=2e-2)
    model, (_, term) = distilled("mutual", corpus(), settings)
    assert accuracy(student(), corpus()) < 0.65
    assert accuracy(model, corpus()) > 0.75
    assert accuracy(term.peer.model, corpus()) > 0.75
    assert not same(weights(model), weights(term.peer.model))


def test_the_peer_starts_from_weights_of_its_own() -> None:
    model, strategy = student(), Strategy(SIZES)
    model.standardise_by(*corpus().statistics())
    before = weights(model)
    strategy.begin(Lesson(model, corpus(), QUICK))
    assert same(before, weights(model))
    peer = weights(strategy.peer.model)
    for name in ("stem.0.weight", "classifier.weight", "classifier.bias"):
        assert float((peer[name] - before[name]).abs().max()) > 0.01
    assert torch.equal(peer["mean"], before["mean"])
    assert torch.equal(peer["std"], before["std"])
    assert list(strategy.parameters()) == []
    assert strategy.state_dict() == {}


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_students_loss_by_hand(temperature: float) -> None:
    """It follows what the peer answered before its own step."""
    strategy, batch, logits = begun(temperature), windows(), answers()
    heard = copy.deepcopy(strategy.peer.model)(batch.features).logits.detach()
    found = strategy(batch, FrameOutput(logits, logits))
    torch.testing.assert_close(found, of_audio(response_loss(logits, heard, temperature)))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_peers_step_by_hand(temperature: float) -> None:
    """It learns the labels where there are any, and the student's answers on all that is audio."""
    strategy, batch, logits = begun(temperature), windows(), answers()
    twin = copy.deepcopy(strategy.peer.model)
    optimiser = optimiser_for(list(twin.parameters()), QUICK)
    heard = twin(batch.features).logits
    entry = binary_cross_entropy_with_logits(heard, batch.targets, reduction="none")
    labels = torch.cat([entry[0], entry[1, :4]]).mean()
    (labels + of_audio(response_loss(heard, logits, temperature))).backward()
    torch.nn.utils.clip_grad_norm_(twin.parameters(), 5.0)
    optimiser.step()
    strategy(batch, FrameOutput(logits, logits))
    for name, value in weights(strategy.peer.model).items():
        torch.testing.assert_close(value, twin.state_dict()[name], atol=1e-6, rtol=1e-4)


def test_neither_ones_gradient_reaches_the_other() -> None:
    strategy, batch, logits = begun(), windows(), answers().requires_grad_()
    found = strategy(batch, FrameOutput(logits, logits))
    assert logits.grad is None  # though the peer has taken its step
    peer = [p.grad.clone() for p in strategy.peer.model.parameters()]
    found.backward()
    assert logits.grad.abs().sum() > 0
    assert all(torch.equal(p.grad, before) for p, before in zip(strategy.peer.model.parameters(), peer, strict=True))


def test_the_peer_listens_to_the_student() -> None:
    def peer_after(seed: int) -> dict[str, Tensor]:
        strategy, logits = begun(), 5 * answers(seed)
        for _ in range(3):
            strategy(windows(), FrameOutput(logits, logits))
        return weights(strategy.peer.model)

    assert same(peer_after(0), peer_after(0))
    assert not same(peer_after(0), peer_after(1))


def test_without_a_teacher_and_the_same_twice() -> None:
    settings = replace(QUICK, unlabeled_share=0.5, seed=3)
    first, second = (weights(distilled("mutual", corpus(unlabeled=2), settings)[0]) for _ in range(2))
    assert same(first, second)
    assert not same(first, weights(distilled("none", corpus(unlabeled=2), settings)[0]))


def test_parameters() -> None:
    strategy = Strategy(SIZES, temperature=3.0, weight=0.5)
    assert (strategy.temperature, strategy.weight) == (3.0, 0.5)

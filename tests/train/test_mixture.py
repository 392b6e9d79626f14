"""Mixtures: sound adds in power, labels unite, and what only one part knows is not known of both."""

import math
from dataclasses import replace

import pytest
import torch
from bands import QUICK, corpus

from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs
from sedkd.train.draws import MIXED_DB, NEPERS, Draws
from sedkd.train.mixture import added
from sedkd.train.sampler import OneSampler
from sedkd.train.settings import TrainSettings


def window(power: float, targets: list[float], known: list[float], logits: list[float], valid: float = 1.0) -> Batch:
    """One window of one output frame, two feature frames and one band."""
    return Batch(
        torch.full((1, 2, 1), math.log(power)),
        torch.tensor([[targets]]),
        torch.tensor([[known]]) * valid,
        torch.tensor([[valid]]),
        torch.tensor([[logits]]),
        None,
    )


def test_power_adds_and_labels_unite() -> None:
    first = window(2.0, [1.0, 0.0, 0.0, 0.3], [1.0, 1.0, 1.0, 1.0], [3.0, -1.0, -2.0, 0.0])
    second = window(3.0, [0.0, 1.0, 0.0, 0.5], [0.0, 1.0, 1.0, 0.0], [1.0, 2.0, -4.0, 0.5])
    mixed = added(first, second, torch.tensor([math.log(2.0)]), 1.0)
    torch.testing.assert_close(mixed.features.exp(), torch.full((1, 2, 1), 2.0 + 2 * 3.0))
    assert mixed.targets.tolist() == [[[1.0, 1.0, 0.0, 0.5]]]
    # The first sounds, whatever nobody listened for in the second; the last may or may not.
    assert mixed.known.tolist() == [[[1.0, 1.0, 1.0, 0.0]]]
    assert mixed.teacher_logits.tolist() == [[[3.0, 2.0, -2.0, 0.5]]]
    assert mixed.mixed.tolist() == [1.0]
    assert mixed.unmixed.tolist() == [[0.0]]


def test_a_scaled_log_mel_is_mixed_in_power_as_well() -> None:
    first, second = window(2.0, [0.0], [1.0], [0.0]), window(3.0, [0.0], [1.0], [0.0])
    shifted = [replace(one, features=(one.features + 4.5) / 5) for one in (first, second)]
    mixed = added(*shifted, torch.zeros(1), 5.0)
    torch.testing.assert_close(mixed.features * 5 - 4.5, torch.full((1, 2, 1), math.log(5.0)))


@pytest.mark.parametrize("louder", [-math.inf, 0.0])
def test_nothing_is_added_where_nothing_is_drawn_or_heard(louder: float) -> None:
    """Neither a window that is not drawn, nor what lies behind a short recording's end."""
    first = window(2.0, [0.0], [1.0], [0.5])
    second = window(9.0, [1.0], [1.0], [4.0], valid=1.0 if louder == -math.inf else 0.0)
    mixed = added(first, second, torch.tensor([louder]), 1.0)
    torch.testing.assert_close(mixed.features, first.features)
    assert (mixed.targets.item(), mixed.known.item(), mixed.teacher_logits.item()) == (0.0, 1.0, 0.5)
    assert mixed.unmixed.item() == (1.0 if louder == -math.inf else 0.0)


def test_what_is_added_is_of_the_same_kind_as_often_and_as_loud_as_asked() -> None:
    data = corpus(clips=9, unlabeled=4)
    settings = TrainSettings(batch=64, frames=8, unlabeled_share=0.5, mixture=0.25)
    drawn = Draws(data, settings).block()
    mixed = drawn.louder > -math.inf
    assert mixed.float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert drawn.louder[mixed].abs().max() <= MIXED_DB * NEPERS
    assert drawn.louder[mixed].max() > 1 > -1 > drawn.louder[mixed].min()
    for recordings in (drawn.recordings, drawn.others):
        assert set(recordings[:, :32].unique().tolist()) == set(range(5))
        assert set(recordings[:, 32:].unique().tolist()) == set(range(5, 9))


def test_without_mixtures_the_draws_are_the_same_windows() -> None:
    plain, mixing = (Draws(corpus(), replace(QUICK, mixture=share)) for share in (0.0, 0.5))
    for _ in range(2):
        once, again = plain.block(), mixing.block()
        for name in ("recordings", "first", "low", "width"):
            assert torch.equal(getattr(once, name), getattr(again, name))


def test_a_mixture_is_louder_and_holds_more_events() -> None:
    data = corpus()
    teacher = TeacherOutputs(data.targets * 8 - 4, data.targets)
    settings = replace(QUICK, batch=200)
    device = torch.device("cpu")
    plain, mixed = (
        OneSampler(data.taught_by(teacher), replace(settings, mixture=share), device)().batch for share in (0.0, 1.0)
    )
    assert (mixed.features >= plain.features - 1e-3).all()
    assert (mixed.targets >= plain.targets).all()
    assert mixed.targets.mean() > 1.3 * plain.targets.mean()
    torch.testing.assert_close(mixed.teacher_logits, mixed.targets * 8 - 4)
    assert plain.mixed is None


def test_no_share_beyond_all() -> None:
    with pytest.raises(ValueError, match=r"train.mixture must lie in 0..1, not 1.5"):
        TrainSettings(mixture=1.5)


def test_a_setting_that_came_later_renames_nothing_that_was_made_before() -> None:
    assert "mixture" not in TrainSettings().as_key()
    assert TrainSettings(mixture=0.5).as_key()["mixture"] == 0.5

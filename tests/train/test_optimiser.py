"""A cohort's optimiser gives every student what schedulefree's gives it alone; averages come and go."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from sedkd.train.optimiser import CohortScheduleFree, averaged, optimiser_for
from sedkd.train.settings import TrainSettings

SETTINGS = TrainSettings(steps=6, warmup=3)


def test_it_is_schedulefrees_with_a_rate_a_decay_and_a_clipping_for_each() -> None:
    random = torch.Generator().manual_seed(0)
    shapes = ((7,), (2, 3))
    start = [torch.randn(3, *shape, generator=random, dtype=torch.float64) for shape in shapes]
    rates, decays = (1e-2, 0.3, 1e-3), (0.1, 0.0, 0.5)
    size = torch.tensor([0.1, 100.0, 1.0], dtype=torch.float64)  # of gradients: one is clipped at once
    gradients = [
        [
            torch.randn(3, *shape, generator=random, dtype=torch.float64) * size.view(3, *[1] * len(shape))
            for shape in shapes
        ]
        for _ in range(SETTINGS.steps)
    ]
    together = [part.clone() for part in start]
    tensors = (torch.tensor(found, dtype=torch.float64) for found in (rates, decays))
    optimiser = CohortScheduleFree(together, *tensors, SETTINGS, 5.0)
    for found in gradients:
        optimiser.step(found)
    for k in range(3):
        alone = [nn.Parameter(part[k].clone()) for part in start]
        own = optimiser_for(alone, replace(SETTINGS, learning_rate=rates[k], weight_decay=decays[k]))
        for found in gradients:
            for part, gradient in zip(alone, found, strict=True):
                part.grad = gradient[k].clone()
            nn.utils.clip_grad_norm_(alone, 5.0)
            own.step()
        for part, expected in zip(together, alone, strict=True):
            torch.testing.assert_close(part[k], expected.detach(), rtol=1e-6, atol=1e-8)
        before = [part[k].clone() for part in together]
        with optimiser.averaged(), averaged(own, alone):
            for part, expected, trained in zip(together, alone, before, strict=True):
                torch.testing.assert_close(part[k], expected.detach(), rtol=1e-6, atol=1e-8)
                assert not torch.equal(part[k], trained)


@pytest.mark.parametrize("fails", [False, True])
def test_behind_an_average_the_weights_are_to_the_last_bit_what_they_were(fails: bool) -> None:
    weights = [nn.Parameter(torch.randn(50))]
    one, several = optimiser_for(weights, SETTINGS), [torch.randn(2, 50)]
    other = CohortScheduleFree(several, torch.ones(2), torch.ones(2), SETTINGS, 5.0)
    for _ in range(3):
        weights[0].grad = torch.randn(50)
        one.step()
        other.step([torch.randn(2, 50)])
    kept = weights[0].detach().clone(), several[0].clone()
    try:
        with averaged(one, weights), other.averaged():
            assert not torch.equal(weights[0], kept[0])
            assert not torch.equal(several[0], kept[1])
            if fails:  # as a watch does that ends a training
                raise InterruptedError
    except InterruptedError:
        pass
    assert torch.equal(weights[0], kept[0])
    assert torch.equal(several[0], kept[1])
    one.step()  # which it refuses where it was left with the average


def test_what_answers_is_a_mean_of_where_the_steps_led_that_later_ones_weigh_more_in() -> None:
    """By hand, at a rate that does not rise: x is the mean of z, each weighed by its step's number to the third, and y
    lies a tenth of the way from x to z."""
    (weight,) = weights = [nn.Parameter(torch.zeros(1, dtype=torch.float64))]
    optimiser = optimiser_for(weights, TrainSettings(steps=9, warmup=1, learning_rate=0.5, weight_decay=0.0))
    fast, slow = 0.0, [0.0]
    for step in range(4):
        weight.grad = torch.ones_like(weight)  # a step of Adam down a gradient that stays is one of the rate
        optimiser.step()
        fast -= 0.5
        counted = [1, 8, 27, 64][: step + 1]
        slow.append(slow[-1] + (fast - slow[-1]) * counted[-1] / sum(counted))
        assert float(weight) == pytest.approx(0.9 * slow[-1] + 0.1 * fast)
        with averaged(optimiser, weights):
            assert float(weight) == pytest.approx(slow[-1])
    assert slow[-1] == pytest.approx(-(1 * 0.5 + 8 * 1.0 + 27 * 1.5 + 64 * 2.0) / 100)


def test_a_student_whose_gradients_are_no_numbers_harms_no_other() -> None:
    parameters = [torch.ones(2, 3)]
    optimiser = CohortScheduleFree(
        parameters, torch.tensor([0.1, 0.1]), torch.zeros(2), replace(SETTINGS, warmup=1), 5.0
    )
    optimiser.step([torch.stack([torch.full((3,), torch.nan), torch.ones(3)])])
    assert parameters[0][0].isnan().all()
    torch.testing.assert_close(parameters[0][1], torch.full((3,), 0.9))

"""The rate of training, from step to step."""

import pytest

from sedkd.train.rate import held_until, rate_at
from sedkd.train.settings import TrainSettings


def test_the_rate_rises_is_held_and_falls_late() -> None:
    rates = [rate_at(step, TrainSettings(steps=100)) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:88] == [1.0] * 79
    assert rates[87:] == pytest.approx([left / 13 for left in range(13, 0, -1)])
    long = TrainSettings(steps=5000)
    assert [rate_at(step, long) == 1.0 for step in (28, 29, 4350, 4351)] == [False, True, True, False]
    assert rate_at(0, TrainSettings(steps=1)) <= 1


@pytest.mark.parametrize(("steps", "more"), [(150, 600), (600, 2400), (20, 80)])
def test_with_one_warm_up_the_rate_does_not_depend_on_how_many_steps_there_will_be(steps: int, more: int) -> None:
    short, long = (TrainSettings(steps=count, warmup=7) for count in (steps, more))
    same = held_until(steps)
    assert 0.8 * steps < same < steps
    assert [rate_at(step, short) for step in range(same)] == [rate_at(step, long) for step in range(same)]
    assert rate_at(steps - 1, short) < rate_at(steps - 1, long) == 1.0
    assert rate_at(6, short) == 1.0 > rate_at(5, short)


@pytest.mark.parametrize("steps", [0, -3])
def test_a_warm_up_takes_a_step_at_least(steps: int) -> None:
    with pytest.raises(ValueError, match=f"train.warmup must be at least 1, not {steps}"):
        TrainSettings(warmup=steps)

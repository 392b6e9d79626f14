"""The rate of training, from step to step."""

import pytest

from sedkd.train.rate import factor_at, warmup_of
from sedkd.train.settings import TrainSettings


def test_the_rate_rises_and_stays() -> None:
    assert [factor_at(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert factor_at(0, 1) == 1.0


def test_a_warm_up_is_a_tenth_of_the_steps_and_no_more_than_thirty() -> None:
    assert [warmup_of(steps) for steps in (1, 5, 20, 150, 300, 9600)] == [1, 1, 2, 15, 30, 30]


@pytest.mark.parametrize("steps", [0, -3])
def test_a_warm_up_takes_a_step_at_least(steps: int) -> None:
    with pytest.raises(ValueError, match=f"train.warmup must be at least 1, not {steps}"):
        TrainSettings(warmup=steps)

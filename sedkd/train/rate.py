"""The rate of training: a warm-up, then all of it, then linearly to 0.

A rate that is held and falls late ends where a cosine needs more steps to get ("warm-up, stable, decay", Hu et al.
2024, MiniCPM). Until it falls, it does not depend on how many steps there will be, once the warm-up is given.
"""

from sedkd.train.settings import TrainSettings

WARMUP, MAX_WARMUP = 0.1, 30  # share of the steps, and no more than so many steps
FALL = 0.13  # share of the steps over which the rate falls


def warmup_of(steps: int) -> int:
    """Steps during which the rate rises, where settings do not say."""
    return max(min(round(steps * WARMUP), MAX_WARMUP), 1)


def held_until(steps: int) -> int:
    """After so many of `steps` the rate begins to fall."""
    return steps - max(round(steps * FALL), 1)


def rate_at(step: int, settings: TrainSettings) -> float:
    """What share of the highest rate step `step` of 0..steps takes."""
    warmup = settings.warmup or warmup_of(settings.steps)
    fall = settings.steps - held_until(settings.steps)
    return min((step + 1) / warmup, (settings.steps - step) / fall, 1.0)

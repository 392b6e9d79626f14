"""The rate of training: a warm-up, then all of it. There is no end that it must know (see `sedkd.train.optimiser`)."""

WARMUP, MAX_WARMUP = 0.1, 30  # share of the steps, and no more than so many steps


def warmup_of(steps: int) -> int:
    """Steps during which the rate rises, where settings do not say."""
    return max(min(round(steps * WARMUP), MAX_WARMUP), 1)


def factor_at(step: int, warmup: int) -> float:
    """What share of the rate step `step`, from 0 on, takes."""
    return min((step + 1) / warmup, 1.0)

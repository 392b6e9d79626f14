"""Every strategy once, for students of all costs: what a study of many trials begins with behind its controls.

At one architecture a dozen strategies differ by less than what a student's cost makes of them, and the front gains
nothing meanwhile; spread over the costs they are the sampler's initial design as well.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from search.space.dimensions import STRATEGY
from search.space.drawing import drawn
from search.space.space import Space
from sedkd.distill.registry import SCRATCH

TRIALS_EACH = 3  # for each strategy: where a third of the trials covers them, none is left untried
CANDIDATES = 100  # architectures
BLOCK = "student.block"  # at its default: a full convolution costs nine times what a separable one does


def to_be_tried(space: Space, trials: int) -> list[str]:
    """The strategies that a study of so many trials is to begin with, beside those of its controls."""
    controlled = (SCRATCH, space.defaults().get(STRATEGY, SCRATCH))
    strategies = [name for name in space.choices(STRATEGY) if name not in controlled]
    return strategies if trials >= TRIALS_EACH * len(strategies) else []


def first_tries(
    space: Space, strategies: Sequence[str], cost: Callable[[Mapping[str, Any]], float]
) -> list[dict[str, Any]]:
    """A configuration for each of `strategies`, in their order: its defaults, but for the architecture; an
    empty list where no architecture that is drawn can be trained.

    `cost` is log10 of what a configuration costs (MACs per second, say), infinite where it cannot be trained. Of
    architectures that are drawn at random each strategy gets the one whose cost is nearest to its place between the
    least and the most. The places are van der Corput's sequence, so that the first few of them lie apart already.
    """
    from scipy.stats.qmc import Halton

    if not strategies:
        return []
    rng = np.random.default_rng(0)
    architectures = [_architecture(drawn(space, rng)) for _ in range(CANDIDATES)]
    costs = np.array([cost(_with(space, space.defaults()[STRATEGY], each)) for each in architectures])
    there = costs[np.isfinite(costs)]
    if not len(there):
        return []
    places = Halton(1, scramble=False).random(len(strategies) + 1)[1:, 0]
    goals = there.min() + places * (there.max() - there.min())
    nearest = [int(np.argmin(abs(costs - goal))) for goal in goals]
    return [_with(space, name, architectures[place]) for name, place in zip(strategies, nearest, strict=True)]


def _architecture(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration's student is and hears."""
    return {k: v for k, v in values.items() if k.startswith(("student.", "features.")) and k != BLOCK}


def _with(space: Space, strategy: str, architecture: Mapping[str, Any]) -> dict[str, Any]:
    pins = {name.replace(".", "_"): value for name, value in architecture.items()}
    return space.defaults(strategy=strategy, **pins)

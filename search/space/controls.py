"""The trials that every study begins with, so that there is something to compare with."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from search.space.dimensions import STRATEGY, Range
from search.space.space import Space
from sedkd.distill.registry import SCRATCH

SCRATCH_CONTROL = "scratch"
DISTILLED_CONTROL = "default distillation"
SMALLEST_CONTROL = "smallest student"
LARGEST_CONTROL = "largest student"
SIZES = ("student.width", "student.depth")


def controls(space: Space) -> list[tuple[str, dict[str, Any]]]:
    """Name and flat configuration of each control that the space allows.

    At the default architecture: training from scratch and the default distillation; then the default distillation of
    the smallest and the largest student, which anchor both ends of the front.
    """
    found = []
    if space.has(STRATEGY, SCRATCH):
        found.append((SCRATCH_CONTROL, space.defaults(strategy=SCRATCH)))
    default = space.defaults()
    if default.get(STRATEGY, SCRATCH) != SCRATCH:
        found.append((DISTILLED_CONTROL, default))
        ends = ((SMALLEST_CONTROL, smallest(space)), (LARGEST_CONTROL, largest(space)))
        found += [(name, values) for name, values in ends if values != default]
    return found


def smallest(space: Space) -> dict[str, Any]:
    """The default configuration with the architecture that costs least: the low end of its every range, the least of
    its widths and depths, the fewest mel bands, the longest hop."""
    return _pinned(
        space, _sizes(space, min) | _heard(space, min, max), {"student.block": "separable", "student.head": "none"}
    )


def largest(space: Space) -> dict[str, Any]:
    """The default configuration with the architecture that costs most, begun from the generic student.

    Its learning rate lies between the lowest and the default one: wide students diverge from what they began with at
    rates that suit narrow ones.
    """
    rates = [d for d in space.dimensions if d.name == "train.learning_rate" and isinstance(d, Range)]
    rate = {d.name: math.sqrt(d.low * d.default) for d in rates}
    return _pinned(
        space,
        _sizes(space, max) | rate | _heard(space, max, min),
        {"student.block": "conv", "student.head": "gru", "initialisation": "generic"},
    )


def _sizes(space: Space, end: Callable) -> dict[str, Any]:
    """One end of every range of a student's, and of its widths and depths where they are choices."""
    chosen = [d for d in space.dimensions if d.name in SIZES or isinstance(d, Range)]
    return {d.name: end(d.extremes()) for d in chosen if d.name.startswith("student.")}


def _heard(space: Space, bands: Callable, hop: Callable) -> dict[str, Any]:
    """What the space lets students hear, by one function of its values for the mel bands and one for the hop."""
    chosen = {"features.n_mels": bands, "features.hop": hop}
    return {d.name: chosen[d.name](d.extremes()) for d in space.dimensions if d.name in chosen}


def _pinned(space: Space, values: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """The default configuration with these values, of the choices those that the space knows."""
    pins = {**values, **{name: choice for name, choice in choices.items() if space.has(name, choice)}}
    return space.defaults(**{name.replace(".", "_"): value for name, value in pins.items()})

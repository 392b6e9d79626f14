"""Configurations drawn from a space without a trial: anywhere, or near one that is known."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from search.space.space import Dimension, Space

KEPT = 0.7  # of a known configuration's values, in one that is near it


def drawn(space: Space, rng: np.random.Generator, near: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A configuration, drawn as a random sampler would; `near` another, most of its values are kept."""
    values: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.applies(values):
            own = near.get(dimension.name) if near else None
            keep = near is not None and rng.random() < KEPT and dimension.holds(own)
            values[dimension.name] = own if keep else _value(dimension, rng)
    return values


def completed(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The configuration in `space`: what it has no place for left out, what it lacks or cannot have at its default."""
    found: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.applies(found):
            own = values.get(dimension.name)
            found[dimension.name] = own if dimension.holds(own) else dimension.default
    return found


def _value(dimension: Dimension, rng: np.random.Generator) -> Any:
    if dimension.kind == "choice":
        return dimension.choices[rng.integers(len(dimension.choices))]
    if dimension.kind == "int" and not dimension.log:
        steps = int(dimension.high - dimension.low) // dimension.step
        return int(dimension.low) + dimension.step * int(rng.integers(steps + 1))
    if not dimension.log:
        return float(rng.uniform(dimension.low, dimension.high))
    half = 0.5 if dimension.kind == "int" else 0.0  # so that the ends of a log int are drawn as often as they should
    value = math.exp(rng.uniform(math.log(dimension.low - half), math.log(dimension.high + half)))
    value = min(max(value, dimension.low), dimension.high)
    return round(value) if dimension.kind == "int" else value

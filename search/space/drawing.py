"""Configurations drawn from a space without a trial: anywhere, or near one that is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from search.space.space import Space

KEPT = 0.7  # of a known configuration's values, in one that is near it


def drawn(space: Space, rng: np.random.Generator, near: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A configuration, drawn as a random sampler would; `near` another, most of its values are kept."""
    values: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.applies(values):
            own = near.get(dimension.name) if near else None
            keep = near is not None and rng.random() < KEPT and dimension.holds(own)
            values[dimension.name] = own if keep else dimension.drawn(rng)
    return values


def completed(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The configuration in `space`: what it has no place for left out, what it lacks or cannot have at its default."""
    found: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.applies(found):
            own = values.get(dimension.name)
            found[dimension.name] = own if dimension.holds(own) else dimension.default
    return found

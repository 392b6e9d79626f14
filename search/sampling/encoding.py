"""Configurations as rows of numbers, for models that know nothing of conditions."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from search.space.space import Dimension, Space

ABSENT = -1.0  # of a dimension that the configuration does not have


class Encoding:
    """A column for each range, from 0 to 1 on its own scale, and one for each value of each choice."""

    def __init__(self, space: Space) -> None:
        self.columns: list[tuple[Dimension, Any]] = []
        for dimension in space.dimensions:
            known = dimension.whole or dimension  # the study may hold what is no longer drawn
            values = known.choices if known.kind == "choice" else (None,)
            self.columns += [(dimension, value) for value in values]

    def __call__(self, configurations: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """float32 `[configurations, columns]`."""
        rows = [[_cell(*column, values.get(column[0].name)) for column in self.columns] for values in configurations]
        return np.array(rows, np.float32).reshape(-1, len(self.columns))


def _cell(dimension: Dimension, choice: Any, value: Any) -> float:
    if dimension.kind == "choice":
        return float(value == choice)
    if value is None:
        return ABSENT
    if dimension.low == dimension.high:
        return 0.0
    if dimension.log:
        return math.log(value / dimension.low) / math.log(dimension.high / dimension.low)
    return (value - dimension.low) / (dimension.high - dimension.low)

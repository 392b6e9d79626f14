"""Configurations as rows of numbers, for models that know nothing of conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from search.space.space import Space


class Encoding:
    """A column for each range, from 0 to 1 on its own scale, and one for each value of each choice that the study may
    hold."""

    def __init__(self, space: Space) -> None:
        self.dimensions = space.dimensions
        self.columns = sum(len(dimension.cells(None)) for dimension in self.dimensions)

    def __call__(self, configurations: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """float32 `[configurations, columns]`."""
        rows = [[cell for d in self.dimensions for cell in d.cells(values.get(d.name))] for values in configurations]
        return np.array(rows, np.float32).reshape(-1, self.columns)

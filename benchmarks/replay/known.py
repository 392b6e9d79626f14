"""What the search's own sampler may know in a replay: the table's costs, and what the run has trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.replay.table import Nearest, Table
from search.sampling.sampler import Observation


class Replayed:
    """The sampler's `Knowledge` of one run. A row that was trained is known, whichever configuration it stood for."""

    def __init__(self, nearest: Nearest) -> None:
        self.nearest = nearest
        self.seen: list[Observation] = []
        self.rows: set[int] = set()

    def add(self, configuration: Mapping[str, Any], quality: float, seconds: float) -> None:
        """Something that was trained just now, to its end or until a rung."""
        row = self.nearest(configuration)
        self.rows.add(row.number)
        self.seen.append(Observation(dict(configuration), quality, row.cost, seconds))

    def observations(self) -> Sequence[Observation]:
        return self.seen

    def pending(self, but: int) -> Sequence[Mapping[str, Any]]:
        return []

    def cost(self, configuration: Mapping[str, Any]) -> float:
        return self.nearest(configuration).cost

    def is_left_out(self, configuration: Mapping[str, Any]) -> bool:
        return self.nearest(configuration).number in self.rows


def past(table: Table) -> list[Observation]:
    """Another environment's table as a study that came before."""
    return [Observation(row.configuration, row.full.f1, row.cost, row.full.seconds) for row in table.rows]

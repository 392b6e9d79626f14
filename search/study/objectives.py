"""What a search optimises: quality up, cost down."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sedkd.errors import UserError

QUALITY = ("f1_segment", "f1_event", "psds1", "psds2")
COST = ("macs", "params", "bytes", "latency")
UNITS = {
    "macs": "MACs per second of audio",
    "params": "parameters",
    "bytes": "bytes",
    "latency": "ms per second of audio",
}


@dataclass(frozen=True)
class Objectives:
    """Two or three names, of which one at least is a quality and one a cost. Costs are compared by their log10."""

    names: tuple[str, ...]

    @property
    def quality(self) -> str:
        """The first quality: what `best` and `knee` mean."""
        return next(name for name in self.names if name in QUALITY)

    @property
    def cost(self) -> str:
        """The first cost: what `smallest` and `knee` mean."""
        return next(name for name in self.names if name in COST)

    @property
    def criterion(self) -> str:
        """The F1 for which thresholds and filters are chosen on validation."""
        return "f1_event" if "f1_event" in self.names and "f1_segment" not in self.names else "f1_segment"

    @property
    def directions(self) -> list[str]:
        return ["maximize" if name in QUALITY else "minimize" for name in self.names]

    @property
    def metric_names(self) -> list[str]:
        """Names of the values as Optuna stores them."""
        return [name if name in QUALITY else f"log10_{name}" for name in self.names]

    @property
    def needs_psds(self) -> bool:
        return any(name.startswith("psds") for name in self.names)

    def values(self, result: Mapping[str, float]) -> list[float]:
        """A trial's values for Optuna, from its scores and cost by name."""
        return [result[name] if name in QUALITY else math.log10(max(result[name], 1e-9)) for name in self.names]


def parse(text: str | Sequence[str]) -> Objectives:
    """Objectives from `f1_segment,macs`. UserError lists what there is."""
    names = tuple(part.strip() for part in (text.split(",") if isinstance(text, str) else text))
    unknown = [name for name in names if name not in QUALITY + COST]
    if unknown:
        raise UserError(f"--objectives: no objective {unknown[0]!r}; there are: {', '.join(QUALITY + COST)}")
    if len(set(names)) != len(names) or not 2 <= len(names) <= 3:
        raise UserError("--objectives: name two or three different ones, such as f1_segment,macs")
    if not set(names) & set(QUALITY) or not set(names) & set(COST):
        raise UserError(
            f"--objectives: name at least one quality ({', '.join(QUALITY)}) and one cost ({', '.join(COST)})"
        )
    return Objectives(names)

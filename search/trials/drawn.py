"""What a process was given to train."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.study.records import FinishedTrial

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Drawn:
    """A trial to train: its configuration, seed and steps, and the finished one that it continues, or that it trains
    with a second seed, if any."""

    trial: "optuna.Trial"
    values: Mapping[str, Any]
    seed: int
    steps: int
    continues: FinishedTrial | None = None
    second_seed_of: FinishedTrial | None = None

"""What a search optimises: quality up, cost down. All that is told of an objective stands in `TABLE`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sedkd.errors import UserError

if TYPE_CHECKING:
    from sedkd.score.postprocess import Answers, PostProcessing

MIN_COST = 1e-9  # of a cost, whose log10 is compared


@dataclass(frozen=True)
class Objective:
    """One quality or cost, under whose `name` it is typed, recorded and told to MLflow.

    is_quality: more is better; of a cost less is, and its log10 is compared.
    heading, axis: what stands above a column of a table, and, with its unit, along an axis.
    worst: from where hypervolumes are measured, as Optuna stores it: what every student surpasses.
    decimals: digits after the point; None shows a count with its unit (12.3 k).
    limit: the option that bounds it, and what that option's help calls it; None where there is none.
    known_before: whether it follows from the architecture, without training or measuring.
    at_rungs: whether training sees it at its rungs, so that hopeless trials can be ended.
    of_streams: whether students that hear whole recordings have no such cost.
    is_seconds: whether its limit is typed as a duration (200ms) and not as a count (64k).
    is_psds: whether it is one of those that are computed only where they are asked for.
    score: computes it from a split's answers and what was tuned on validation; None for what `sedkd` tells anyway.
    """

    name: str
    is_quality: bool
    heading: str
    axis: str
    worst: float = 0.0
    decimals: int | None = None
    limit: tuple[str, str] | None = None
    known_before: bool = False
    at_rungs: bool = False
    of_streams: bool = False
    is_seconds: bool = False
    is_psds: bool = False
    score: "Callable[[Answers, PostProcessing], float | None] | None" = None

    @property
    def direction(self) -> str:
        return "maximize" if self.is_quality else "minimize"

    @property
    def metric(self) -> str:
        """Its name as Optuna stores the value."""
        return self.name if self.is_quality else f"log10_{self.name}"

    def value(self, measure: float) -> float:
        """As Optuna stores it."""
        return measure if self.is_quality else math.log10(max(measure, MIN_COST))


TABLE = {
    objective.name: objective
    for objective in (
        Objective("f1_segment", True, "f1_segment", "f1_segment", decimals=3, at_rungs=True),
        Objective("f1_event", True, "f1_event", "f1_event", decimals=3, at_rungs=True),
        Objective("psds1", True, "psds1", "psds1", decimals=3, is_psds=True),
        Objective("psds2", True, "psds2", "psds2", decimals=3, is_psds=True),
        Objective(
            "macs", False, "MACs/s", "MACs per second of audio", worst=9.0, known_before=True,
            limit=("--max-macs", "multiply-accumulates per second of audio"),
        ),
        Objective(
            "total_macs", False, "MACs/s with features", "MACs per second of audio, with features", worst=9.0,
            known_before=True,
            limit=("--max-total-macs", "multiply-accumulates per second of audio, those of the features as well"),
        ),
        Objective(
            "params", False, "parameters", "parameters", worst=8.0, known_before=True,
            limit=("--max-params", "parameters"),
        ),
        Objective(
            "bytes", False, "bytes", "bytes", worst=9.0, known_before=True, limit=("--max-bytes", "bytes of weights"),
        ),
        Objective(
            "latency", False, "ms per s of audio", "ms per second of audio", worst=4.0, decimals=2,
            limit=("--max-latency-ms", "ms per second of audio on one CPU thread"),
        ),
        Objective(
            "ram", False, "RAM, B", "bytes of static RAM (Cortex-M4)", worst=9.0, known_before=True, of_streams=True,
            limit=("--max-ram", "bytes of static RAM on a Cortex-M4 (the stack comes on top)"),
        ),
        Objective(
            "flash", False, "flash, B", "bytes of flash (Cortex-M4)", worst=9.0, known_before=True, of_streams=True,
            limit=("--max-flash", "bytes of flash on a Cortex-M4: weights, tables and code, the code estimated"),
        ),
        Objective(
            "algorithmic_latency", False, "waits, s", "seconds that an answer waits for sound", worst=2.0, decimals=3,
            known_before=True, of_streams=True, is_seconds=True,
            limit=("--max-latency", "seconds that an answer waits for sound, such as 200ms or 0.2s"),
        ),
    )
}  # fmt: skip


def qualities() -> tuple[str, ...]:
    """The names of what is better the more there is of it."""
    return tuple(name for name, objective in TABLE.items() if objective.is_quality)


def costs() -> tuple[str, ...]:
    """The names of what is better the less there is of it."""
    return tuple(name for name, objective in TABLE.items() if not objective.is_quality)


@dataclass(frozen=True)
class Objectives:
    """Two or three names, of which one at least is a quality and one a cost; how many false alarms per hour thresholds
    may raise, where they are not chosen for the best F1; and whether what scores is a student's step in eight bits."""

    names: tuple[str, ...]
    most_alarms: float | None = None
    int8: bool = False

    @property
    def each(self) -> tuple[Objective, ...]:
        return tuple(TABLE[name] for name in self.names)

    @property
    def qualities(self) -> tuple[str, ...]:
        return tuple(objective.name for objective in self.each if objective.is_quality)

    @property
    def costs(self) -> tuple[str, ...]:
        return tuple(objective.name for objective in self.each if not objective.is_quality)

    @property
    def quality(self) -> str:
        """The first quality: what `best` and `knee` mean."""
        return self.qualities[0]

    @property
    def cost(self) -> str:
        """The first cost: what `smallest` and `knee` mean."""
        return self.costs[0]

    @property
    def criterion(self) -> str:
        """The F1 for which thresholds and filters are chosen on validation."""
        return "f1_event" if "f1_event" in self.names and "f1_segment" not in self.names else "f1_segment"

    @property
    def directions(self) -> list[str]:
        return [objective.direction for objective in self.each]

    @property
    def metric_names(self) -> list[str]:
        """Names of the values as Optuna stores them."""
        return [objective.metric for objective in self.each]

    @property
    def reference(self) -> list[float]:
        """Where hypervolumes are measured from, as Optuna stores values."""
        return [objective.worst for objective in self.each]

    @property
    def needs_psds(self) -> bool:
        return any(objective.is_psds for objective in self.each)

    @property
    def scores(self) -> "dict[str, Callable[[Answers, PostProcessing], float | None]]":
        """By name, those that have to be computed besides what `sedkd` tells of every student."""
        return {objective.name: objective.score for objective in self.each if objective.score}

    @property
    def costs_are_known_before(self) -> bool:
        """Whether every cost among them follows from the architecture."""
        return all(TABLE[name].known_before for name in self.costs)

    def values(self, result: Mapping[str, float]) -> list[float]:
        """A trial's values for Optuna, from its scores and cost by name."""
        return [objective.value(result[objective.name]) for objective in self.each]


def can_stop(objectives: Objectives) -> bool:
    """Whether the score that training sees is the one that counts, so that a trial may be ended by it: with a single
    quality, which is an F1 for which thresholds are chosen, of the student as it is."""
    seen = objectives.qualities == (objectives.criterion,) and TABLE[objectives.criterion].at_rungs
    return seen and objectives.most_alarms is None and not objectives.int8 and objectives.costs_are_known_before


def most_alarms_of(text: str | None) -> float | None:
    """The false alarms per hour that `--criterion fa_per_hour=2` allows; None for `f1`, the default."""
    name, given, number = (text or "f1").partition("=")
    if (name, given) == ("f1", ""):
        return None
    try:
        most = float(number)
    except ValueError:
        most = math.nan
    if name != "fa_per_hour" or not 0 <= most < math.inf:
        raise UserError(f"--criterion {text}: expected f1, or such as fa_per_hour=2 (a number from 0 up)")
    return most


def parse(text: str | Sequence[str], most_alarms: float | None = None, int8: bool = False) -> Objectives:
    """Objectives from `f1_segment,macs`. UserError lists what there is."""
    names = tuple(part.strip() for part in (text.split(",") if isinstance(text, str) else text))
    unknown = [name for name in names if name not in TABLE]
    if unknown:
        raise UserError(f"--objectives: no objective {unknown[0]!r}; there are: {', '.join(TABLE)}")
    if len(set(names)) != len(names) or not 2 <= len(names) <= 3:
        raise UserError("--objectives: name two or three different ones, such as f1_segment,macs")
    if not set(names) & set(qualities()) or not set(names) & set(costs()):
        raise UserError(
            f"--objectives: name at least one quality ({', '.join(qualities())}) and one cost ({', '.join(costs())})"
        )
    return Objectives(names, most_alarms, int8)

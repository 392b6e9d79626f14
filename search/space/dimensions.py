"""What may vary, one by one: ranges of whole numbers, ranges of numbers, and choices."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sedkd.distill.registry import SCRATCH, needs_teacher, parts

if TYPE_CHECKING:
    import optuna

STRATEGY = "strategy"
GENERIC, SLICE = "generic", "slice"  # initialisations from a student that learnt all environments' labels
UNCONDITIONAL = ("", "student", "features", "train")  # what stands before the names of what every strategy has
ABSENT = -1.0  # the cell of a range that a configuration does not have


@dataclass(frozen=True)
class Dimension(ABC):
    """One thing that varies. `when` maps other dimensions to the values for which this one is drawn; `help` says what
    it is."""

    kind: ClassVar[str]
    name: str
    default: Any
    when: Mapping[str, Sequence[Any]] | None = None
    help: str = ""

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether this dimension is drawn, given those drawn before it."""
        if any(values.get(name) not in allowed for name, allowed in (self.when or {}).items()):
            return False
        part = self.name.rpartition(".")[0]
        strategy = values.get(STRATEGY, SCRATCH)
        if part == "teacher":
            return needs_teacher(strategy)
        return part in UNCONDITIONAL or part in parts(strategy)

    @abstractmethod
    def suggest(self, trial: "optuna.Trial") -> Any:
        """A value that Optuna draws."""

    @abstractmethod
    def distribution(self) -> "optuna.distributions.BaseDistribution":
        """What `suggest` draws from, as Optuna describes it."""

    @abstractmethod
    def drawn(self, rng: np.random.Generator) -> Any:
        """A value, drawn as a random sampler would."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Whether this dimension can take `value`."""

    @abstractmethod
    def extremes(self) -> tuple[Any, ...]:
        """The values at its ends, or all of them."""

    @abstractmethod
    def cells(self, value: Any) -> list[float]:
        """`value`, None where there is none, as numbers; of the same count for every value."""

    def as_dict(self) -> dict[str, Any]:
        """What decides the draws, as the study knows it: part of a study's name, in the shape that it always had."""
        return {
            "kind": self.kind, "default": self.default, "low": 0, "high": 0, "step": 1, "log": False, "choices": (),
            "when": self.when,
        }  # fmt: skip


@dataclass(frozen=True)
class Range(Dimension):
    """From `low` to `high`, both included, on a linear or a logarithmic scale."""

    low: float = 0
    high: float = 0
    log: bool = False

    def extremes(self) -> tuple[float, float]:
        return self.low, self.high

    def cells(self, value: Any) -> list[float]:
        if value is None:
            return [ABSENT]
        if self.low == self.high:
            return [0.0]
        if self.log:
            return [math.log(value / self.low) / math.log(self.high / self.low)]
        return [(value - self.low) / (self.high - self.low)]

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"low": self.low, "high": self.high, "log": self.log}

    def _lies_within(self, value: Any) -> bool:
        return not isinstance(value, bool | str) and value is not None and self.low <= value <= self.high


@dataclass(frozen=True)
class IntRange(Range):
    """Whole numbers; on a linear scale those at multiples of `step` above `low`."""

    kind = "int"
    step: int = 1

    def suggest(self, trial: "optuna.Trial") -> int:
        return trial.suggest_int(self.name, int(self.low), int(self.high), step=self._step, log=self.log)

    def distribution(self) -> "optuna.distributions.IntDistribution":
        from optuna.distributions import IntDistribution

        return IntDistribution(int(self.low), int(self.high), log=self.log, step=self._step)

    def drawn(self, rng: np.random.Generator) -> int:
        if not self.log:
            steps = int(self.high - self.low) // self.step
            return int(self.low) + self.step * int(rng.integers(steps + 1))
        # From half below the lower end to half above the upper one, so that the ends are drawn as often as they should.
        value = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return round(min(max(value, self.low), self.high))

    def holds(self, value: Any) -> bool:
        return (
            self._lies_within(value)
            and value == int(value)
            and (self.log or (value - self.low) % self.step == 0)
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"step": self.step}

    @property
    def _step(self) -> int:
        return 1 if self.log else self.step


@dataclass(frozen=True)
class FloatRange(Range):
    """Numbers."""

    kind = "float"

    def suggest(self, trial: "optuna.Trial") -> float:
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def extremes(self) -> tuple[float, float]:
        return float(self.low), float(self.high)  # as they are drawn, whole or not

    def distribution(self) -> "optuna.distributions.FloatDistribution":
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log)

    def drawn(self, rng: np.random.Generator) -> float:
        if not self.log:
            return float(rng.uniform(self.low, self.high))
        value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(value, self.low), self.high)

    def holds(self, value: Any) -> bool:
        return self._lies_within(value)


@dataclass(frozen=True)
class Choice(Dimension):
    """One of `choices`. `known` are those of the study, where some are never drawn (`Space.barring`)."""

    kind = "choice"
    choices: tuple[Any, ...] = ()
    known: "Choice | None" = None

    @property
    def whole(self) -> "Choice":
        """The dimension as its study knows it."""
        return self.known or self

    def suggest(self, trial: "optuna.Trial") -> Any:
        return trial.suggest_categorical(self.name, self.whole.choices)

    def distribution(self) -> "optuna.distributions.CategoricalDistribution":
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.whole.choices)

    def drawn(self, rng: np.random.Generator) -> Any:
        return self.choices[rng.integers(len(self.choices))]

    def holds(self, value: Any) -> bool:
        return value in self.choices

    def extremes(self) -> tuple[Any, ...]:
        return self.choices

    def cells(self, value: Any) -> list[float]:
        return [float(value == choice) for choice in self.whole.choices]

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"default": self.whole.default, "choices": self.whole.choices}

    def without(self, value: Any) -> "Choice":
        """The same without one of its choices."""
        choices = tuple(choice for choice in self.choices if choice != value)
        return replace(self, default=self.default if self.default in choices else choices[0], choices=choices)

    def barring(self, values: Sequence[Any]) -> "Choice":
        """The same, never drawn as one of `values`, which its study knows all the same."""
        left = self
        for value in values:
            left = left.without(value)
        return replace(left, known=self.whole)

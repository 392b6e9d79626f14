"""What may vary: dimensions read from YAML, drawn from by Optuna."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedkd.distill.registry import SCRATCH, needs_teacher, parts
from sedkd.errors import UserError
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

if TYPE_CHECKING:
    import optuna

STRATEGY = "strategy"
FIELDS = {
    "int": {"low", "high", "step", "log"},
    "float": {"low", "high", "log"},
    "choice": {"of"},
}
COMMON = {"type", "default", "when", "help"}


@dataclass(frozen=True)
class Dimension:
    """One thing that varies. `when` maps other dimensions to the values for which this one is drawn; `help` says what
    it is. `whole` is the dimension as its study knows it, where some of its choices are never drawn (`Space.barring`).
    """

    name: str
    kind: str
    default: Any
    low: float = 0
    high: float = 0
    step: int = 1
    log: bool = False
    choices: tuple[Any, ...] = ()
    when: Mapping[str, Sequence[Any]] | None = None
    help: str = ""
    whole: "Dimension | None" = None

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether this dimension is drawn, given those drawn before it."""
        if any(values.get(name) not in allowed for name, allowed in (self.when or {}).items()):
            return False
        part = self.name.rpartition(".")[0]
        strategy = values.get(STRATEGY, SCRATCH)
        if part == "teacher":
            return needs_teacher(strategy)
        return part in ("", "student", "train") or part in parts(strategy)

    def suggest(self, trial: "optuna.Trial") -> Any:
        if self.kind == "int":
            step = 1 if self.log else self.step
            return trial.suggest_int(self.name, int(self.low), int(self.high), step=step, log=self.log)
        if self.kind == "float":
            return trial.suggest_float(self.name, self.low, self.high, log=self.log)
        return trial.suggest_categorical(self.name, (self.whole or self).choices)

    def distribution(self) -> "optuna.distributions.BaseDistribution":
        """What `suggest` draws from, as Optuna describes it."""
        from optuna import distributions

        if self.kind == "int":
            step = 1 if self.log else self.step
            return distributions.IntDistribution(int(self.low), int(self.high), log=self.log, step=step)
        if self.kind == "float":
            return distributions.FloatDistribution(self.low, self.high, log=self.log)
        return distributions.CategoricalDistribution((self.whole or self).choices)

    def holds(self, value: Any) -> bool:
        """Whether this dimension can take `value`."""
        if self.kind == "choice":
            return value in self.choices
        if isinstance(value, bool | str) or value is None or not self.low <= value <= self.high:
            return False
        return self.kind == "float" or (value == int(value) and (self.log or (value - self.low) % self.step == 0))

    def extremes(self) -> tuple[Any, ...]:
        return self.choices if self.kind == "choice" else (self.low, self.high)


@dataclass(frozen=True)
class Space:
    """Dimensions in the order in which they are drawn (the strategy first, since others depend on it)."""

    dimensions: tuple[Dimension, ...]

    def suggest(self, trial: "optuna.Trial") -> dict[str, Any]:
        """Draw one configuration in its flat spelling."""
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            if dimension.applies(values):
                values[dimension.name] = dimension.suggest(trial)
        return values

    def distributions(self) -> "dict[str, optuna.distributions.BaseDistribution]":
        """Of every dimension, by name."""
        return {d.name: d.distribution() for d in self.dimensions}

    def defaults(self, **pinned: Any) -> dict[str, Any]:
        """The default configuration, with some dimensions pinned; a pin counts where its dimension applies.

        Raises:
            ValueError: there is no dimension of this name.
        """
        unknown = set(pinned) - {d.name.replace(".", "_") for d in self.dimensions}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: no dimension of this space")
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            if dimension.applies(values):
                values[dimension.name] = pinned.get(dimension.name.replace(".", "_"), dimension.default)
        return values

    def choices(self, name: str) -> tuple[Any, ...]:
        """What choice dimension `name` can take; nothing where there is no such dimension."""
        return next((d.choices for d in self.dimensions if d.name == name), ())

    def has(self, name: str, value: Any) -> bool:
        """Whether choice dimension `name` can take `value`."""
        return value in self.choices(name)

    def without(self, name: str, value: Any) -> "Space":
        """The space in which choice dimension `name` cannot take `value`."""
        return Space(tuple(_dropped(d, value) if d.name == name else d for d in self.dimensions))

    def barring(self, name: str, values: Sequence[Any]) -> "Space":
        """The space in which choice dimension `name` is never drawn as one of `values`.

        Unlike `without`, this leaves the study as it is, its identity and what its storage knows of the dimension: it
        holds for one run, and another may draw them.
        """
        dimensions = []
        for dimension in self.dimensions:
            whole = dimension.whole or dimension
            for value in values if dimension.name == name else ():
                dimension = replace(_dropped(dimension, value), whole=whole)
            dimensions.append(dimension)
        return Space(tuple(dimensions))

    @property
    def barred(self) -> dict[str, tuple[Any, ...]]:
        """By dimension, the choices that are never drawn."""
        kept = {d.name: (d.whole.choices, d.choices) for d in self.dimensions if d.whole}
        return {name: tuple(v for v in every if v not in drawn) for name, (every, drawn) in kept.items()}

    def as_dict(self) -> dict[str, Any]:
        """For digests and for the study's record: what decides the draws, by dimension, as the study knows it."""
        return {
            d.name: {k: v for k, v in vars(d.whole or d).items() if k not in ("name", "help", "whole")}
            for d in self.dimensions
        }

    @property
    def help(self) -> dict[str, str]:
        """What each dimension is, as its file says."""
        return {d.name: d.help for d in self.dimensions}


def space_from(content: Mapping[str, Any], path: Path) -> Space:
    """Check a parsed file's `dimensions` and build the Space. UserError names file and key."""
    table = content.get("dimensions")
    if not isinstance(table, dict) or not table:
        raise UserError(f"{path}: dimensions: expected at least one dimension")
    dimensions = [_dimension(str(name), value, path) for name, value in table.items()]
    order = {d.name: i for i, d in enumerate(dimensions)}
    for dimension in dimensions:
        for parent, allowed in (dimension.when or {}).items():
            _check_parent(dimension.name, parent, allowed, dimensions, path)
    dimensions.sort(key=lambda d: (d.name != STRATEGY, bool(d.when), order[d.name]))
    space = Space(tuple(dimensions))
    _check_values(space, path)
    return space


def _dimension(name: str, value: Any, path: Path) -> Dimension:
    where = f"{path}: dimensions.{name}"
    if not isinstance(value, dict) or value.get("type") not in FIELDS:
        raise UserError(f"{where}: expected a type, one of: {', '.join(FIELDS)}")
    kind = value["type"]
    unknown = sorted(set(value) - FIELDS[kind] - COMMON)
    if unknown:
        raise UserError(f"{where}.{unknown[0]}: unknown; a {kind} takes {', '.join(sorted(FIELDS[kind] | COMMON))}")
    about = value.get("help", "")
    if not isinstance(about, str):
        raise UserError(f"{where}.help: expected a text")
    when = value.get("when")
    if when is not None and not (isinstance(when, dict) and all(isinstance(v, list) for v in when.values())):
        raise UserError(f"{where}.when: expected other dimensions with lists of their values")
    if kind == "choice":
        choices = value.get("of")
        if not isinstance(choices, list) or not choices or not all(isinstance(c, str | int | float) for c in choices):
            raise UserError(f"{where}.of: expected a list of texts or numbers")
        default = value.get("default", choices[0])
        if default not in choices:
            raise UserError(f"{where}.default: {default!r} is not among {choices}")
        return Dimension(name, kind, default, choices=tuple(choices), when=when, help=about)
    return replace(_range(name, kind, value, when, where), help=about)


def _range(name: str, kind: str, value: Mapping[str, Any], when: Mapping | None, where: str) -> Dimension:
    for key in ("low", "high"):
        if isinstance(value.get(key), bool) or not isinstance(value.get(key), int if kind == "int" else int | float):
            raise UserError(f"{where}.{key}: expected {'a whole number' if kind == 'int' else 'a number'}")
    low, high, log, step = value["low"], value["high"], value.get("log", False), value.get("step", 1)
    if low > high:
        raise UserError(f"{where}: low {low} is above high {high}")
    if log and low <= 0:
        raise UserError(f"{where}.low: must be above 0 on a log scale")
    if not isinstance(log, bool) or not isinstance(step, int) or step < 1 or (log and "step" in value):
        raise UserError(f"{where}: log is true or false, step a whole number from 1 up, and not both are given")
    default = value.get("default", low)
    if isinstance(default, str | bool) or not low <= default <= high:
        raise UserError(f"{where}.default: {default!r} does not lie between {low} and {high}")
    return Dimension(name, kind, default, low, high, step, log, when=when)


def _check_parent(name: str, parent: str, allowed: Sequence, dimensions: Sequence[Dimension], path: Path) -> None:
    found = next((d for d in dimensions if d.name == parent), None)
    if found is None or found.kind != "choice" or found.when:
        raise UserError(f"{path}: dimensions.{name}.when: {parent!r} is not an unconditional choice of this space")
    stray = [value for value in allowed if value not in found.choices]
    if stray:
        raise UserError(f"{path}: dimensions.{name}.when.{parent}: {stray[0]!r} is not among {list(found.choices)}")


def _check_values(space: Space, path: Path) -> None:
    """Every extreme of every dimension must make a configuration: what cannot be trained is found before it is."""
    strategies = next((d.choices for d in space.dimensions if d.name == STRATEGY), (SCRATCH,))
    for dimension in space.dimensions:
        drawn = False
        varies = dimension.name != STRATEGY and bool(space.choices(STRATEGY))
        parents: dict[str, Sequence[Any]] = {STRATEGY: strategies} if varies else {}
        parents |= dimension.when or {}
        for conditions in itertools.product(*parents.values()):
            for value in dimension.extremes():
                pinned = {**dict(zip(parents, conditions, strict=True)), dimension.name: value}
                values = space.defaults(**{name.replace(".", "_"): choice for name, choice in pinned.items()})
                if dimension.name not in values:
                    continue
                drawn = True
                try:
                    from_flat(values, TrainSettings())
                except (ValueError, TypeError, UserError) as error:
                    raise UserError(f"{path}: dimensions.{dimension.name}: {error}") from error
        if not drawn:
            raise UserError(f"{path}: dimensions.{dimension.name}: no strategy of this space ever draws it")


def _dropped(dimension: Dimension, value: Any) -> Dimension:
    choices = tuple(c for c in dimension.choices if c != value)
    default = dimension.default if dimension.default in choices else choices[0]
    return replace(dimension, default=default, choices=choices)

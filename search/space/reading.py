"""A space from a parsed YAML file, every mistake in it named by its key."""

import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from search.space.dimensions import STRATEGY, Choice, Dimension, FloatRange, IntRange
from search.space.space import Space
from sedkd.distill.registry import SCRATCH, require_parameters
from sedkd.errors import UserError
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

FIELDS = {
    "int": {"low", "high", "step", "log"},
    "float": {"low", "high", "log"},
    "choice": {"of"},
}
COMMON = {"type", "default", "when", "help"}
SEED = "train.seed"


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
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        raise UserError(f"{where}: expected a type, one of: {', '.join(FIELDS)}")
    unknown = sorted(set(value) - FIELDS[kind] - COMMON, key=str)
    if unknown:
        raise UserError(f"{where}.{unknown[0]}: unknown; a {kind} takes {', '.join(sorted(FIELDS[kind] | COMMON))}")
    if name == SEED:
        raise UserError(f"{where}: a seed is luck, no choice: leave it out (sedkd-search --seed is where they begin)")
    about = value.get("help", "")
    if not isinstance(about, str):
        raise UserError(f"{where}.help: expected a text")
    when = value.get("when")
    if when is not None and not (isinstance(when, dict) and all(isinstance(v, list) for v in when.values())):
        raise UserError(f"{where}.when: expected other dimensions with lists of their values")
    if name == STRATEGY and not _all_texts(value.get("of")):
        raise UserError(f"{where}: expected a choice of texts, such as {{type: choice, of: [none, response]}}")
    if kind == "choice":
        return _choice(name, value, when, about, where)
    return _range(name, kind, value, when, about, where)


def _all_texts(choices: Any) -> bool:
    return isinstance(choices, list) and all(isinstance(choice, str) for choice in choices)


def _choice(name: str, value: Mapping[str, Any], when: Mapping | None, about: str, where: str) -> Dimension:
    choices = value.get("of")
    if not isinstance(choices, list) or not choices or not all(isinstance(c, str | int | float) for c in choices):
        raise UserError(f"{where}.of: expected a list of texts or numbers")
    text = next((choice for choice in choices if isinstance(choice, str) and _is_number(choice)), None)
    if text is not None:
        raise UserError(f"{where}.of: {_no_number(text)}, and no quotes")
    endless = next((choice for choice in choices if not isinstance(choice, str) and not _is_finite(choice)), None)
    if endless is not None:
        raise UserError(f"{where}.of: {endless} is no finite number")
    # To Python, and so to Optuna, 1, 1.0 and true are one value.
    twice = next(((a, b) for a, b in itertools.combinations(choices, 2) if a == b), None)
    if twice is not None:
        raise UserError(f"{where}.of: {twice[1]!r} is the same as {twice[0]!r}: keep one")
    default = value.get("default", choices[0])
    if not any(default == c and isinstance(default, bool) == isinstance(c, bool) for c in choices):
        raise UserError(f"{where}.default: {default!r} is not among {choices}")
    return Choice(name, default, when, about, tuple(choices))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_number(text: str) -> str:
    return f"{text!r} is a text to YAML, whose numbers have a point, such as 0.001 or 1.0e-3"


def _is_finite(number: float) -> bool:
    return abs(number) <= sys.float_info.max  # not so of infinity, of NaN, and of what no float can hold


def _is_of(kind: str, value: Any) -> bool:
    """Whether a parsed value is a number that a range of this kind can hold."""
    return isinstance(value, int if kind == "int" else int | float) and not isinstance(value, bool)


def _number(kind: str) -> str:
    return "a whole number" if kind == "int" else "a number"


def _end(kind: str, found: Any, where: str) -> Any:
    if not _is_of(kind, found):
        text = f"; {_no_number(found)}" if isinstance(found, str) else ""
        raise UserError(f"{where}: expected {_number(kind)}{text}")
    if not _is_finite(found):
        raise UserError(f"{where}: expected a finite number, not {found}")
    return found


def _range(name: str, kind: str, value: Mapping[str, Any], when: Mapping | None, about: str, where: str) -> Dimension:
    low, high = (_end(kind, value.get(key), f"{where}.{key}") for key in ("low", "high"))
    log, step = value.get("log", False), value.get("step", 1)
    if low > high:
        raise UserError(f"{where}: low {low} is above high {high}")
    if log and low <= 0:
        raise UserError(f"{where}.low: must be above 0 on a log scale")
    whole = isinstance(step, int) and not isinstance(step, bool)
    if not isinstance(log, bool) or not whole or step < 1 or (log and "step" in value):
        raise UserError(f"{where}: log is true or false, step a whole number from 1 up, and not both are given")
    default = value.get("default", low)
    if not _is_of(kind, default):
        raise UserError(f"{where}.default: expected {_number(kind)}, not {default!r}")
    if not low <= default <= high:
        raise UserError(f"{where}.default: {default!r} does not lie between {low} and {high}")
    if kind == "int":
        _check_steps(low, high, default, step, where)
        return IntRange(name, default, when, about, low, high, log, step)
    return FloatRange(name, default, when, about, low, high, log)


def _check_steps(low: int, high: int, default: int, step: int, where: str) -> None:
    """Both ends and the default are values that are drawn: controls are made of them."""
    if low < high < low + step:
        raise UserError(f"{where}.step: {step} is wider than the range from {low} to {high}; use {high - low} at most")
    for key, value in (("high", high), ("default", default)):
        beyond = (value - low) % step
        if beyond:
            near = f"{value - beyond} or {value - beyond + step}"
            raise UserError(f"{where}.{key}: steps of {step} from {low} do not reach {value}; use {near}")


def _check_parent(name: str, parent: str, allowed: Sequence, dimensions: Sequence[Dimension], path: Path) -> None:
    found = next((d for d in dimensions if d.name == parent), None)
    if not isinstance(found, Choice) or found.when:
        raise UserError(f"{path}: dimensions.{name}.when: {parent!r} is not an unconditional choice of this space")
    stray = [value for value in allowed if value not in found.choices]
    if stray:
        raise UserError(f"{path}: dimensions.{name}.when.{parent}: {stray[0]!r} is not among {list(found.choices)}")


def _check_values(space: Space, path: Path) -> None:
    """Every extreme of every dimension must make a configuration: what cannot be trained is found before it is."""
    strategies = space.choices(STRATEGY) or (SCRATCH,)
    for dimension in space.dimensions:
        drawn = False
        varies = dimension.name != STRATEGY and bool(space.choices(STRATEGY))
        parents: dict[str, Sequence[Any]] = {STRATEGY: strategies} if varies else {}
        parents |= dimension.when or {}
        for conditions in itertools.product(*parents.values()):
            for value in dimension.extremes():
                pinned = {**dict(zip(parents, conditions, strict=True)), dimension.name: value}
                try:
                    values = space.defaults(**{name.replace(".", "_"): choice for name, choice in pinned.items()})
                    if dimension.name not in values:
                        continue
                    drawn = True
                    made = from_flat(values, TrainSettings())
                    require_parameters(made.strategy, made.parameters)
                except (ValueError, TypeError, UserError) as error:
                    named = str(error).partition(" ")[0]  # of two that do not go together the one that it tells of
                    name = named if named in {d.name for d in space.dimensions} else dimension.name
                    raise UserError(f"{path}: dimensions.{name}: {error}") from error
        if not drawn:
            raise UserError(f"{path}: dimensions.{dimension.name}: no strategy of this space ever draws it")

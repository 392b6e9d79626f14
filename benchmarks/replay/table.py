"""The table of recorded trainings, and the row that stands for a configuration which was not recorded."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from search.setup.setting import DEFAULT, spaces_folder
from search.space.dimensions import Choice, Dimension, Range
from search.space.reading import space_from
from search.space.space import Space
from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError

TRAININGS = 60  # full trainings that the budget of a run pays for
CHECKPOINTS = 8  # of a full training; multi-fidelity peers count in them
KEPT = 3  # of so many one goes on from fidelity to fidelity, by the default of all peers
ARCHITECTURE = 4.0  # a dimension of the student weighs this much: it decides the cost, and most of the score


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands: steps done, seconds spent so far, score as training saw it."""

    step: float
    seconds: float
    f1: float


@dataclass(frozen=True)
class Training:
    """A recorded training: score and seconds of the whole, and its checkpoints, of which the last is its end."""

    f1: float
    seconds: float
    curve: tuple[Checkpoint, ...]

    def at(self, share: float) -> Checkpoint:
        """The first checkpoint at or after this share of the steps."""
        return next(point for point in self.curve if point.step >= share * self.curve[-1].step - 1e-9)

    def paid(self, point: Checkpoint) -> float:
        """Seconds of a training that ends at this checkpoint: to build and to score a student takes as long as ever."""
        return self.seconds - self.curve[-1].seconds + point.seconds

    def delivered(self, point: Checkpoint) -> float:
        """The score of the student that is there at this checkpoint."""
        return self.f1 if point is self.curve[-1] else point.f1


@dataclass(frozen=True)
class Row:
    """One recorded configuration: its cost and its training."""

    number: int
    configuration: Mapping[str, Any]
    cost: float  # log10 of the MACs, as studies store it
    full: Training


@dataclass(frozen=True)
class Table:
    """Everything that was recorded."""

    facts: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def budget(self) -> float:
        """Seconds that TRAININGS full trainings cost on average."""
        return TRAININGS * sum(row.full.seconds for row in self.rows) / len(self.rows)

    @property
    def fidelities(self) -> tuple[int, ...]:
        """What multi-fidelity peers call each checkpoint of a training."""
        return tuple(range(1, CHECKPOINTS + 1))

    @property
    def factor(self) -> int:
        """Of so many trainings one goes on from fidelity to fidelity."""
        return KEPT


def read_table(path: Path) -> Table:
    """UserError says what is wrong in the file."""
    return table_from(content_of(path), str(path))


def content_of(path: Path) -> Any:
    """UserError where it cannot be read, or is no JSON."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not JSON: {error}") from None


def table_from(content: Mapping[str, Any], where: str) -> Table:
    """Check a parsed file and build the Table."""
    if not isinstance(content, dict) or not content.get("rows"):
        raise UserError(f"{where}: rows: expected at least one row")
    rows = tuple(_row(number, row, f"{where}: rows[{number}]") for number, row in enumerate(content["rows"]))
    return Table(content.get("facts", {}), rows)


def _row(number: int, content: Mapping[str, Any], where: str) -> Row:
    try:
        full = _training(content)
        row = Row(number, content["configuration"], math.log10(content["macs"]), full)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{where}: {type(error).__name__}: {error}") from None
    if len(full.curve) != CHECKPOINTS:
        raise UserError(f"{where}: curve: expected {CHECKPOINTS} checkpoints, found {len(full.curve)}")
    if any(a.seconds > b.seconds or a.step >= b.step for a, b in pairwise(full.curve)):
        raise UserError(f"{where}: curve: steps and seconds must rise")
    if full.seconds < full.curve[-1].seconds:
        raise UserError(f"{where}: seconds: less than those of the last checkpoint")
    return row


def _training(content: Mapping[str, Any]) -> Training:
    curve = tuple(Checkpoint(point["step"], point["seconds"], point["f1"]) for point in content["curve"])
    return Training(content["f1"], content["seconds"], curve)


class Nearest:
    """Finds the row that stands for a configuration: the least sum of its differences, the first of equals.

    A range counts the difference as a share of its width (on its scale), a choice 1 where it differs, and so does
    what only one side has. Of a row that was drawn from an earlier space counts what this one would draw of it.
    """

    def __init__(self, table: Table, space: Space) -> None:
        self._rows, self._dimensions = table.rows, space.dimensions
        self._weights = np.array([_weight(d) for d in space.dimensions])
        self._is_choice = np.array([isinstance(d, Choice) for d in space.dimensions])
        self._places = np.array([self._place(applying(space, row.configuration)) for row in table.rows])

    def __call__(self, configuration: Mapping[str, Any]) -> Row:
        place = self._place(configuration)
        apart = np.abs(self._places - place)
        one_only = np.isnan(self._places) != np.isnan(place)
        apart[one_only | (self._is_choice & (apart > 0))] = 1.0
        return self._rows[int(np.argmin(np.nansum(self._weights * apart, axis=1)))]

    def _place(self, configuration: Mapping[str, Any]) -> np.ndarray:
        return np.array([_place(d, configuration) for d in self._dimensions])


def default_space() -> Space:
    """The space that tables are recorded from."""
    path = spaces_folder() / f"{DEFAULT}.yaml"
    return space_from(read_yaml(path), path)


def applying(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of values by dimension, those that a configuration of the space holds."""
    kept: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.name in values and dimension.applies(kept):
            kept[dimension.name] = values[dimension.name]
    return kept


def _place(dimension: Dimension, configuration: Mapping[str, Any]) -> float:
    """Where a value lies in its range, 0 to 1, or which of the choices it is; NaN where there is none."""
    value = configuration.get(dimension.name)
    if value is None:
        return math.nan
    if isinstance(dimension, Choice):
        return float(dimension.choices.index(value))
    assert isinstance(dimension, Range)
    low, high, value = (math.log(v) if dimension.log else v for v in (dimension.low, dimension.high, value))
    return (value - low) / (high - low) if high > low else 0.0


def _weight(dimension: Dimension) -> float:
    return ARCHITECTURE if dimension.name.startswith("student.") else 1.0

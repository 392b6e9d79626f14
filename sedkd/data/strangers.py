"""Labels of a table that match no event: told with their number and first place, since most are slips of the pen."""

import difflib
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from sedkd.data.environment import Environment
from sedkd.errors import UnknownLabel
from sedkd.spelling import folded

ALIKE = 0.6  # of two spellings, for a guess at what was meant
SHOWN = 8  # events that a message lists


def strange_lines(environment: Environment, table: Path, labels: Iterable[tuple[int, str]]) -> list[str]:
    """A line per label of `table`, given with its lines, that is a stranger to the environment."""
    places: dict[str, list[int]] = {}
    for line, label in labels:
        if environment.is_stranger(label):
            places.setdefault(label, []).append(line)
    return [_said(environment, table, label, lines) for label, lines in places.items()]


def warn_of_strangers(environment: Environment, table: Path, labels: Iterable[tuple[int, str]]) -> None:
    """Warn of them (`UnknownLabel`)."""
    for line in strange_lines(environment, table, labels):
        warnings.warn(line, UnknownLabel, stacklevel=3)


def _said(environment: Environment, table: Path, label: str, lines: Sequence[int]) -> str:
    times = "once" if len(lines) == 1 else f"{len(lines)} times"
    return (
        f"{table}, line {lines[0]}: {label!r} ({times}) is no event of {environment.name}, and unknown there: "
        f"{_mend(environment, label)}"
    )


def _mend(environment: Environment, label: str) -> str:
    near = difflib.get_close_matches(folded(label), [folded(event) for event in environment.events], 1, ALIKE)
    meant = environment.spelt(near[0]) if near else None
    if meant is not None:
        return f"is {meant!r} meant?"
    more = ", ..." if len(environment.events) > SHOWN else ""
    return f"spell it as one of {', '.join(environment.events[:SHOWN])}{more}, or add an alias"

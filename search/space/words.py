"""A space in words: a row for each dimension, with its type, its range and when it is drawn."""

from collections.abc import Mapping
from typing import Any

from search.space.dimensions import UNCONDITIONAL

SPACE_HEAD = ("dimension", "type", "range", "default", "drawn when", "what it is")


def space_rows(space: Mapping[str, Mapping[str, Any]], about: Mapping[str, str]) -> list[list[str]]:
    """The rows of `Space.as_dict()`, with the dimensions' helps."""
    return [
        [name, d["kind"], _range(d), str(d["default"]), _condition(name, d), about.get(name, "")]
        for name, d in space.items()
    ]


def _range(dimension: Mapping[str, Any]) -> str:
    if dimension["kind"] == "choice":
        return ", ".join(str(choice) for choice in dimension["choices"])
    step = f", step {dimension['step']}" if dimension["step"] != 1 else ""
    return f"{dimension['low']} to {dimension['high']}{step}{', log scale' if dimension['log'] else ''}"


def _condition(name: str, dimension: Mapping[str, Any]) -> str:
    """What `when` says, and what the name itself does (see `Dimension.applies`)."""
    owner = name.rpartition(".")[0]
    own = [] if owner in UNCONDITIONAL else [f"strategy with {'a teacher' if owner == 'teacher' else owner}"]
    when = dimension.get("when") or {}
    return "; ".join(own + [f"{parent}: {', '.join(map(str, allowed))}" for parent, allowed in when.items()])

"""The trials that every study begins with, so that there is something to compare with."""

from typing import Any

from search.space import STRATEGY, Space
from sedkd.distill.registry import SCRATCH

SCRATCH_CONTROL = "scratch"
DISTILLED_CONTROL = "default distillation"
SMALLEST_CONTROL = "smallest student"


def controls(space: Space) -> list[tuple[str, dict[str, Any]]]:
    """Name and flat configuration of each control that the space allows.

    At the default architecture: training from scratch and the default distillation; then the default distillation of
    the smallest student, which anchors the cheap end of the front.
    """
    found = []
    if space.has(STRATEGY, SCRATCH):
        found.append((SCRATCH_CONTROL, space.defaults(strategy=SCRATCH)))
    default = space.defaults()
    if default.get(STRATEGY, SCRATCH) != SCRATCH:
        found.append((DISTILLED_CONTROL, default))
        if smallest(space) != default:
            found.append((SMALLEST_CONTROL, smallest(space)))
    return found


def smallest(space: Space) -> dict[str, Any]:
    """The default configuration with the architecture that costs least: the low end of its every range."""
    cheap = {"student.block": "separable", "student.head": "none"}
    low = {d.name: d.low for d in space.dimensions if d.name.startswith("student.") and d.kind != "choice"}
    return space.defaults() | low | {name: value for name, value in cheap.items() if space.has(name, value)}

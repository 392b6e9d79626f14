"""The trials that every study begins with, so that there is something to compare with."""

from typing import Any

from search.space import STRATEGY, Space
from sedkd.distill.registry import SCRATCH

SCRATCH_CONTROL = "scratch"
DISTILLED_CONTROL = "default distillation"
SMALLEST_CONTROL = "smallest student"
COVERED_FROM = 3  # trials per strategy from which on each is tried once with its defaults


def controls(space: Space, trials: int) -> list[tuple[str, dict[str, Any]]]:
    """Name and flat configuration of each control that the space allows, for a study of `trials`.

    At the default architecture: training from scratch and the default distillation; then the default distillation of
    the smallest student, which anchors the cheap end of the front. Where there are trials enough that a third of
    them covers it, every other strategy with its defaults, so that none is left untried.
    """
    found = []
    if space.has(STRATEGY, SCRATCH):
        found.append((SCRATCH_CONTROL, space.defaults(strategy=SCRATCH)))
    default = space.defaults()
    if default.get(STRATEGY, SCRATCH) != SCRATCH:
        found.append((DISTILLED_CONTROL, default))
        if smallest(space) != default:
            found.append((SMALLEST_CONTROL, smallest(space)))
    strategies = [name for name in space.choices(STRATEGY) if name not in (SCRATCH, default.get(STRATEGY))]
    if trials >= COVERED_FROM * len(strategies):
        found += [(f"default {name}", space.defaults(strategy=name)) for name in strategies]
    return found


def smallest(space: Space) -> dict[str, Any]:
    """The default configuration with the architecture that costs least: the low end of its every range."""
    cheap = {"student.block": "separable", "student.head": "none"}
    low = {d.name: d.low for d in space.dimensions if d.name.startswith("student.") and d.kind != "choice"}
    return space.defaults() | low | {name: value for name, value in cheap.items() if space.has(name, value)}

"""What a search takes over from other studies in the same store: fronts to begin with, trials to guess by."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.pareto.front import front
from search.setup.plan import Plan
from search.space.dimensions import STRATEGY
from search.space.drawing import completed
from search.space.space import Space
from search.study.opening import others
from search.study.records import FinishedTrial
from search.study.view import StudyView

TRIALS_PER_CARRIED = 4  # at most one part in so many of a budget's trials is carried over
MAX_CARRIED = 6


def carried(study: StudyView, plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    """Name and configuration of each starting point for a study that has none of its own trials yet: of the fronts of
    other studies."""
    if study.optuna.get_trials(deepcopy=False):
        return []
    most = min(MAX_CARRIED, plan.budget.trials // TRIALS_PER_CARRIED)
    return from_fronts(others(study), plan.space)[:most]


def from_fronts(studies: Sequence[StudyView], space: Space) -> list[tuple[str, dict[str, Any]]]:
    """Members of each study's front, in turn, from both ends towards the middle."""
    fronts = [(study, from_ends(front(study.finished(), study.objectives))) for study in studies]
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for place in range(max((len(members) for _, members in fronts), default=0)):
        for study, members in fronts:
            if place < len(members) and _fits(members[place].record.configuration, space):
                values = completed(members[place].record.configuration, space)
                name = f"{study.name} trial {members[place].number}"
                found.setdefault(repr(sorted(values.items())), (name, values))
    return list(found.values())


def _fits(values: Mapping[str, Any], space: Space) -> bool:
    return not space.choices(STRATEGY) or space.has(STRATEGY, values.get(STRATEGY))


def from_ends(members: Sequence[FinishedTrial]) -> list[FinishedTrial]:
    """Cheapest, most expensive, second cheapest, ..."""
    order = [i // 2 if i % 2 == 0 else -(i // 2 + 1) for i in range(len(members))]
    return [members[i] for i in order]

"""Starting points from other studies in the same store: their fronts, and draws from what was good in one space."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from search.front import Member, front, ranks
from search.objectives import Objectives
from search.run import Plan
from search.space import STRATEGY, Space
from search.store import Store
from search.study import FACTS, finished, load_studies

if TYPE_CHECKING:
    import optuna

SHARE = 4  # at most one part in so many of a budget's trials is carried over
MOST_FROM_FRONTS = 6
MOST_FROM_PRIOR = 4
GOOD = 2  # Pareto ranks whose values the prior draws from


def carried(study: "optuna.Study", plan: Plan, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Name and configuration of each starting point for a study that has none of its own trials yet.

    The fronts are those of other studies with the same objectives, the latest of each environment. The prior takes
    every dimension's value from a good trial at random, of studies of the very same space.
    """
    if study.get_trials(deepcopy=False):
        return []
    others = _others(plan.store, study.study_name, plan.objectives)
    most = plan.budget.trials // SHARE
    found = from_fronts(others, plan.space, plan.objectives)[: min(MOST_FROM_FRONTS, most)]
    same = [o for o in others if o.user_attrs[FACTS].get("space") == as_stored(plan.space)]
    left = min(MOST_FROM_PRIOR, most - len(found))
    return found + from_prior([m for o in same for m in _good(o, plan.objectives)], plan.space, left, seed)


def from_fronts(
    studies: Sequence["optuna.Study"], space: Space, objectives: Objectives
) -> list[tuple[str, dict[str, Any]]]:
    """Members of each study's front, in turn, from both ends towards the middle."""
    fronts = [(study, _from_ends(front(finished(study), objectives))) for study in studies]
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for place in range(max((len(members) for _, members in fronts), default=0)):
        for study, members in fronts:
            if place < len(members) and _fits(members[place].record["configuration"], space):
                values = completed(members[place].record["configuration"], space)
                name = f"{study.study_name} trial {members[place].number}"
                found.setdefault(repr(sorted(values.items())), (name, values))
    return list(found.values())


def from_prior(good: Sequence[Member], space: Space, count: int, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Draws in which every dimension has the value of some good trial that has it, or its default."""
    if not good:
        return []
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        values: dict[str, Any] = {}
        for dimension in space.dimensions:
            if dimension.applies(values):
                seen = [m.record["configuration"] for m in good if dimension.name in m.record["configuration"]]
                drawn = seen[rng.integers(len(seen))][dimension.name] if seen else dimension.default
                values[dimension.name] = drawn
        found.append((f"prior {number + 1}", values))
    return found


def completed(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The configuration in `space`: what it has no place for left out, what it lacks or cannot have at its default."""
    found: dict[str, Any] = {}
    for dimension in space.dimensions:
        if dimension.applies(found):
            own = values.get(dimension.name)
            found[dimension.name] = own if dimension.holds(own) else dimension.default
    return found


def as_stored(space: Space) -> Any:
    """The space as a study's facts give it back."""
    import json

    return json.loads(json.dumps(space.as_dict()))


def _fits(values: Mapping[str, Any], space: Space) -> bool:
    return not space.choices(STRATEGY) or space.has(STRATEGY, values.get(STRATEGY))


def _others(store: Store, name: str, objectives: Objectives) -> list["optuna.Study"]:
    """The latest other study of each environment with these objectives and something finished."""
    latest: dict[str, optuna.Study] = {}
    for study in load_studies(store, None, None):
        facts = study.user_attrs.get(FACTS, {})
        if study.study_name != name and tuple(facts.get("objectives", ())) == objectives.names and finished(study):
            latest.setdefault(facts["environment"], study)
    return list(latest.values())


def _good(study: "optuna.Study", objectives: Objectives) -> list[Member]:
    members = finished(study)
    ranked = zip(members, ranks([m.values for m in members], objectives), strict=True)
    return [member for member, rank in ranked if rank <= GOOD]


def _from_ends(members: Sequence[Member]) -> list[Member]:
    """Cheapest, most expensive, second cheapest, ..."""
    order = [i // 2 if i % 2 == 0 else -(i // 2 + 1) for i in range(len(members))]
    return [members[i] for i in order]

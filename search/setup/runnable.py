"""Which choices of a space can be trained at all with a task: the others are never drawn.

Unlike what `search.setup.preparation` leaves out, they stay part of the study's identity, so that it goes on where
strategies learn to run, or to say that they cannot.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search.setup.budget import Budget, Limits
from search.space.dimensions import STRATEGY, Choice
from search.space.space import Space
from sedkd.errors import UserError
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings

BLOCK, START, LOOKAHEAD = "student.block", "initialisation", "student.lookahead"
DECISIVE = (STRATEGY, BLOCK, START, LOOKAHEAD, "teacher.adaptation", "teacher.ensemble")  # others may depend on them


def runnable(space: Space, task: Task, notices: list[str]) -> Space:
    """The space without choices with which no student can be trained, each said among `notices`.

    Raises:
        UserError: nothing would be left of a dimension.
    """
    limits = Limits(task, TrainSettings(), Budget(1))
    for dimension in space.dimensions:
        reasons = {value: _lack(space, limits, {dimension.name: value}) for value in space.choices(dimension.name)}
        lost = {value: reason for value, reason in reasons.items() if reason is not None}
        if lost:
            space = barred(space, dimension.name, lost, notices)
    for strategy, block in itertools.product(space.choices(STRATEGY), space.choices(BLOCK)):
        reason = _lack(space, limits, {STRATEGY: strategy, BLOCK: block})
        if reason is not None:
            notices.append(f"left out of {STRATEGY}: {strategy} where {BLOCK} is {block} ({reason})")
    return space


def barred(space: Space, name: str, lost: Mapping[Any, str], notices: list[str]) -> Space:
    """The space in which dimension `name` is never one of the values `lost`, said with their reasons among `notices`.

    Raises:
        UserError: no choice would be left.
    """
    by_reason: dict[str, list[str]] = {}
    for value, reason in lost.items():
        by_reason.setdefault(reason, []).append(str(value))
    told = [f"{', '.join(values)} ({reason})" for reason, values in by_reason.items()]
    if len(lost) == len(space.choices(name)):
        raise UserError(f"the space's {name} has nothing but {'; '.join(told)}; allow others")
    notices += [f"left out of {name}: {text}" for text in told]
    return space.barring(name, list(lost))


def _lack(space: Space, limits: Limits, fixed: Mapping[str, Any]) -> str | None:
    """Why no configuration with these choices can be trained, whatever the decisive others are; None where one can."""
    reasons: Counter[str] = Counter()
    for values in _with(space, fixed):
        reason = limits.lack(values)
        if reason is None:
            return None
        reasons[reason] += 1
    return reasons.most_common(1)[0][0] if reasons else None


def _with(space: Space, fixed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The default configurations with these choices, where they apply, for all that the decisive dimensions can be."""
    parents = [name for d in space.dimensions if d.name in fixed for name in d.when or {}]
    asked = [d for d in space.dimensions if d.name in (*DECISIVE, *parents) and d.name not in fixed]
    free = [d for d in asked if isinstance(d, Choice)]
    for found in itertools.product(*map(_default_first, free)):
        pinned = {**{d.name: value for d, value in zip(free, found, strict=True)}, **fixed}
        values = space.defaults(**{name.replace(".", "_"): value for name, value in pinned.items()})
        if all(name in values for name in fixed):
            yield values


def _default_first(dimension: Choice) -> Sequence[Any]:
    return sorted(dimension.choices, key=lambda value: value != dimension.default)

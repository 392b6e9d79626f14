"""Which student a person means by a word."""

import re
from collections.abc import Sequence

import numpy as np

from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from sedkd.errors import UserError

NAMED_PICKS = ("knee", "best", "smallest")


def knee(members: Sequence[FinishedTrial], objectives: Objectives) -> FinishedTrial:
    """The front member farthest above the line from the cheapest to the best, both axes scaled to 0..1, cost as log10.

    With fewer than three members, or when none stands above the line, it is the best.
    """
    quality = np.array([m.measure(objectives.quality) for m in members])
    cost = np.log10([max(m.measure(objectives.cost), 1e-9) for m in members])
    best = int(quality.argmax())
    if len(members) < 3 or np.ptp(quality) == 0 or np.ptp(cost) == 0:
        return members[best]
    above = (quality - quality.min()) / np.ptp(quality) - (cost - cost.min()) / np.ptp(cost)
    corner = int(above.argmax())
    return members[corner] if above[corner] > above[best] + 1e-9 else members[best]


def pick(
    word: str,
    members: Sequence[FinishedTrial],
    everyone: Sequence[FinishedTrial],
    objectives: Objectives,
    option: str = "--pick",
) -> FinishedTrial:
    """The student that a person asks for with `option`: knee, best, smallest, trial:N (any finished trial), or
    "within X%".

    Raises:
        UserError: the word is none of these, or no such trial has finished.
    """
    if not members:
        raise UserError("the study has no finished trial yet")
    if word.startswith("trial:"):
        return _numbered(word, everyone, option)
    best = max(members, key=lambda m: m.measure(objectives.quality))
    if word == "best":
        return best
    if word == "smallest":
        return min(members, key=lambda m: m.measure(objectives.cost))
    if word == "knee":
        return knee(members, objectives)
    within = re.fullmatch(r"within\s+(\d+(?:\.\d+)?)\s*%", word.strip())
    if within and float(within[1]) <= 100:
        least = best.measure(objectives.quality) * (1 - float(within[1]) / 100)
        able = [m for m in members if m.measure(objectives.quality) >= least]
        return min(able, key=lambda m: m.measure(objectives.cost))
    raise UserError(f'{option} {word}: expected knee, best, smallest, trial:N or "within 1%"')


def _numbered(word: str, everyone: Sequence[FinishedTrial], option: str) -> FinishedTrial:
    text = word.removeprefix("trial:")
    found = [m for m in everyone if text.isdecimal() and m.number == int(text)]
    if not found:
        raise UserError(
            f"{option} {word}: no finished trial has that number; there are {len(everyone)} finished trials"
        )
    return found[0]


def picks_of(on_front: Sequence[FinishedTrial], objectives: Objectives) -> dict[int, list[str]]:
    """Which of knee, best and smallest each front member is."""
    if not on_front:
        return {}
    named: dict[int, list[str]] = {}
    best = max(on_front, key=lambda m: m.measure(objectives.quality))
    smallest = min(on_front, key=lambda m: m.measure(objectives.cost))
    for word, member in (("knee", knee(on_front, objectives)), ("best", best), ("smallest", smallest)):
        named.setdefault(member.number, []).append(word)
    return named

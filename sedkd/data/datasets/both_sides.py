"""A validation split on whose either side every label is heard that can be."""

import math
from collections import Counter
from collections.abc import Mapping, Set
from itertools import product
from typing import TypeVar

Group = TypeVar("Group", int, str)
FEW = 200  # groups: of as many two are tried at once, too


def mended(groups: Mapping[Group, Counter[str]], chosen: Set[Group], share: float) -> set[Group]:
    """The groups that validate, changed one by one, or by two, as long as a label that train lacks then comes there, or
    one of two groups or more that validation lacks; the fewest that may be, and such that about `share` validate."""
    found = set(chosen)
    lacks = _lacks(groups, found)
    while any(lacks):
        tries = [
            (_lacks(groups, found ^ move), _unlike(groups, found ^ move, share), move) for move in _moves(groups, found)
        ]
        better = [each for each in tries if each[0] < lacks]
        if not better:
            break
        lacks, _, move = min(better, key=lambda each: each[:2])
        found ^= move
    return found


def _moves(groups: Mapping[Group, Counter[str]], chosen: Set[Group]) -> list[set[Group]]:
    """What may change sides: a group that holds a label which the other side lacks, alone or with another one."""
    train, validation = _heard(groups, chosen)
    wanted: list[Group] = []
    for name, labels in groups.items():
        there = train if name in chosen else validation
        if any(count and not there[label] for label, count in labels.items()):
            wanted.append(name)
    moves: list[set[Group]] = [{name} for name in wanted]
    if len(groups) <= FEW:
        moves += [{one, other} for one, other in product(wanted, groups) if one != other]
    return moves


def _lacks(groups: Mapping[Group, Counter[str]], chosen: Set[Group]) -> tuple[float, float]:
    """How many labels train lacks, and how many of two groups or more validation does; no side may be empty."""
    if not 0 < len(chosen) < len(groups):
        return math.inf, math.inf
    train, validation = _heard(groups, chosen)
    both = train + validation
    return sum(not train[label] for label in both), sum(both[label] > 1 and not validation[label] for label in both)


def _heard(groups: Mapping[Group, Counter[str]], chosen: Set[Group]) -> tuple[Counter[str], Counter[str]]:
    """In how many groups of train and of validation each label is heard."""
    train, validation = Counter[str](), Counter[str]()
    for name, labels in groups.items():
        (validation if name in chosen else train).update(label for label, count in labels.items() if count)
    return train, validation


def _unlike(groups: Mapping[Group, Counter[str]], chosen: Set[Group], share: float) -> float:
    return abs(len(chosen) - share * len(groups))

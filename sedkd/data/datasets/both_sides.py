"""A validation split on whose either side every label is heard that can be."""

from collections import Counter
from collections.abc import Mapping, Set
from itertools import product
from typing import TypeVar

Group = TypeVar("Group", int, str)
FEW = 200  # groups: of as many two are tried at once, too


def mended(groups: Mapping[Group, Counter[str]], chosen: Set[Group], share: float) -> set[Group]:
    """The groups that validate, changed one by one, or by two, as long as a label that train lacks then comes there, or
    one of two groups or more that validation lacks; of several changes the one by which most do, and about `share` of
    the groups validate. `groups`: each one's events by label. No side is left empty."""
    found = set(chosen)
    train, validation = heard(groups, found)
    while any(lacking(train, validation)):
        gains = {}
        for move in _moves(groups, found, train, validation):
            size = len(found ^ move)
            if 0 < size < len(groups) and (gain := _gain(groups, found, move, train, validation)) > (0, 0):
                gains[move] = gain, -abs(size - share * len(groups))
        if not gains:
            break
        best, _ = max(gains.items(), key=lambda each: each[1])
        found ^= best
        train, validation = heard(groups, found)
    return found


def heard(groups: Mapping[Group, Counter[str]], chosen: Set[Group]) -> tuple[Counter[str], Counter[str]]:
    """In how many groups of train and of validation each label is heard."""
    train, validation = Counter[str](), Counter[str]()
    for name, labels in groups.items():
        (validation if name in chosen else train).update(label for label, count in labels.items() if count)
    return train, validation


def lacking(train: Mapping[str, int], validation: Mapping[str, int]) -> tuple[int, int]:
    """How many labels train lacks, and how many of two groups or more validation does."""
    labels = {**train, **validation}
    pairs = [(train.get(label, 0), validation.get(label, 0)) for label in labels]
    return sum(there == 0 for there, _ in pairs), sum(here == 0 and there > 1 for there, here in pairs)


def _moves(
    groups: Mapping[Group, Counter[str]], chosen: Set[Group], train: Counter[str], validation: Counter[str]
) -> list[frozenset[Group]]:
    """What may change sides: a group that holds a label which the other side lacks, alone or with another one."""
    wanted: list[Group] = []
    for name, labels in groups.items():
        there = train if name in chosen else validation
        if any(count and not there[label] for label, count in labels.items()):
            wanted.append(name)
    moves: list[frozenset[Group]] = [frozenset((name,)) for name in wanted]
    if len(groups) <= FEW:
        moves += [frozenset((one, other)) for one, other in product(wanted, groups) if one != other]
    return moves


def _gain(
    groups: Mapping[Group, Counter[str]],
    chosen: Set[Group],
    move: Set[Group],
    train: Counter[str],
    validation: Counter[str],
) -> tuple[int, int]:
    """By how much less is lacking (see `lacking`) when these groups have changed sides; looks at their labels alone."""
    moved = Counter[str]()  # from train to validation
    for name in move:
        for label, count in groups[name].items():
            moved[label] += (-1 if name in chosen else 1) * bool(count)
    before = lacking({label: train[label] for label in moved}, {label: validation[label] for label in moved})
    after = lacking(
        {label: train[label] - count for label, count in moved.items()},
        {label: validation[label] + count for label, count in moved.items()},
    )
    return before[0] - after[0], before[1] - after[1]

"""Take a validation split of whole recordings out of the training ones, every label in proportion.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): the rarest label is shared out first, each recording
to the side that still lacks most of it. It may put all recordings of a label on one side, by their other labels; then
some are moved.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from sedkd.data.datasets.both_sides import mended

VALIDATION_SHARE = 0.2  # of each label's events

Group = TypeVar("Group", int, str)


def held_out(groups: Mapping[Group, Counter[str]], seed: int) -> set[Group]:
    """The groups that validate, of those given with their events per label; one at least is left on either side.

    A label of two groups or more is heard on both sides, as far as whole groups allow it. A single group trains. The
    same seed makes the same choice.
    """
    if len(groups) < 2:
        return set()
    names = sorted(groups)
    free = [names[place] for place in np.random.default_rng(seed).permutation(len(names))]
    lacking = _wanted(groups)
    room = np.array([1 - VALIDATION_SHARE, VALIDATION_SHARE]) * len(groups)
    chosen: set[Group] = set()
    left = Counter[str]()
    for events in groups.values():
        left.update(events)
    while free:
        rarest = min((label for label in left if left[label]), key=lambda label: (left[label], label), default=None)
        having = [name for name in free if rarest is None or groups[name][rarest]]
        for name in sorted(having, key=lambda name: -sum(groups[name].values())):
            need = room if rarest is None else lacking[rarest]
            side = int(np.argmax(need)) if need[0] != need[1] else int(np.argmax(room))
            room[side] -= 1
            for label, count in groups[name].items():
                lacking[label][side] -= count
            if side == 1:
                chosen.add(name)
            left.subtract(groups[name])
        taken = set(having)
        free = [name for name in free if name not in taken]
    sizes = {name: sum(groups[name].values()) for name in names}
    if not chosen:
        chosen = {min(names, key=sizes.__getitem__)}
    if len(chosen) == len(names):
        chosen.discard(max(names, key=sizes.__getitem__))
    return mended(groups, chosen, VALIDATION_SHARE)


def _wanted(groups: Mapping[Group, Counter[str]]) -> dict[str, np.ndarray]:
    """Events per label that either side (training, validation) should have."""
    wanted = {}
    for label in {label for events in groups.values() for label in events}:
        counts = [events[label] for events in groups.values() if events[label]]
        validating = max(VALIDATION_SHARE * sum(counts), min(counts) if len(counts) > 1 else 0)
        wanted[label] = np.array([sum(counts) - validating, validating])
    return wanted

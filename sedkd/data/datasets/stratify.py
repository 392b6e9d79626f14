"""Take a validation split of whole recordings out of the training ones, every label in proportion.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): the rarest label is shared out first, each recording
to the side that still lacks most of it.
"""

from collections import Counter
from collections.abc import Hashable, Mapping

import numpy as np

SHARE = 0.2  # of each label's events


def held_out(groups: Mapping[str, Counter[Hashable]], seed: int, share: float = SHARE) -> set[str]:
    """The groups that validate, of those given with their events per label; one at least is left on either side.

    A label of two groups or more is heard on both sides, as far as whole groups allow it. A single group trains.
    """
    if len(groups) < 2:
        return set()
    names = list(np.random.default_rng(seed).permutation(sorted(groups)))
    lacking, room = _wanted(groups, share)
    side: dict[str, int] = {}
    while len(side) < len(names):
        free = [name for name in names if name not in side]
        left = Counter(label for name in free for label, count in groups[name].items() if count)
        if not left:
            for name in free:
                _assign(name, int(np.argmax(room)), groups, side, lacking, room)
            break
        rarest = min(left, key=lambda label: (left[label], str(label)))
        for name in sorted((n for n in free if groups[n][rarest]), key=lambda n: -groups[n][rarest]):
            need = lacking[rarest]
            place = int(np.argmax(need)) if need[0] != need[1] else int(np.argmax(room))
            _assign(name, place, groups, side, lacking, room)
    chosen = {name for name, place in side.items() if place == 1}
    if not chosen:
        chosen = {min(names, key=lambda name: sum(groups[name].values()))}
    if len(chosen) == len(names):
        chosen.discard(max(names, key=lambda name: sum(groups[name].values())))
    return chosen


def _wanted(groups: Mapping[str, Counter[Hashable]], share: float) -> tuple[dict[Hashable, np.ndarray], np.ndarray]:
    """Events per label, and groups, that either side (training, validation) should have."""
    lacking = {}
    for label in {label for events in groups.values() for label in events}:
        counts = sorted(events[label] for events in groups.values() if events[label])
        validating = max(share * sum(counts), counts[0] if len(counts) > 1 else 0)
        lacking[label] = np.array([sum(counts) - validating, validating])
    return lacking, np.array([(1 - share) * len(groups), share * len(groups)])


def _assign(
    name: str,
    place: int,
    groups: Mapping[str, Counter[Hashable]],
    side: dict[str, int],
    lacking: dict[Hashable, np.ndarray],
    room: np.ndarray,
) -> None:
    side[name] = place
    room[place] -= 1
    for label, count in groups[name].items():
        lacking[label][place] -= count

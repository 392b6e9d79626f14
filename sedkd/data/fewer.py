"""Only so many labelled clips of an environment: the others lose their labels, and are unlabelled clips of it."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sedkd.data.pool import Pool
from sedkd.data.positives import taught
from sedkd.data.recordings import Recording
from sedkd.errors import UserError

NOTHING = ""  # stands for what a clip without events holds


def with_labels(pool: Pool, name: str, count: int, seed: int) -> Pool:
    """The pool in which environment `name` has `count` labelled training clips, drawn by `seed`; all else is as it was.
    Events that none of them holds are told of in its notices.

    Raises:
        UserError: there are fewer.
    """
    clips = pool.training(name)
    if count > len(clips):
        raise UserError(
            f"--labels {count}: train of {name} ({pool.origin}) has {len(clips)} labelled clips; ask for less"
        )
    kept = order(clips, seed)[:count]
    shown = frozenset(clips[place].path for place in kept)
    hidden = frozenset(clip.path for clip in clips) - shown
    lost = sorted(taught(clips) - taught([clips[place] for place in kept]))
    notices = [f"--labels {count}: no labelled clip of {name} holds {', '.join(lost)}"] if lost else []
    return replace(pool, hidden=hidden, notices=(*pool.notices, *notices)) if hidden else pool


def order(clips: Sequence[Recording], seed: int) -> list[int]:
    """Places of the clips, of which every beginning is stratified: it holds each event in proportion, as far as whole
    clips allow, and at least once where it is long enough. A longer one holds all clips of a shorter one.

    The next clip is one of the event of which the smallest share was drawn so far, the rarer one among equals; which
    one of those is random. Clips without events count as an event of their own.
    """
    held = [taught([clip]) or {NOTHING} for clip in clips]
    total = Counter(label for labels in held for label in labels)
    drawn = dict.fromkeys(total, 0)
    waiting: dict[str, deque[int]] = {label: deque() for label in total}  # by event, in the order of the draw
    for place in np.random.default_rng(seed).permutation(len(clips)).tolist():
        for label in held[place]:
            waiting[label].append(place)
    found: dict[int, None] = {}
    while len(found) < len(clips):
        left = (label for label in total if drawn[label] < total[label])
        wanted = min(left, key=lambda label: (drawn[label] / total[label], total[label], label))
        place = waiting[wanted].popleft()
        if place in found:  # drawn for another of its events
            continue
        found[place] = None
        for label in held[place]:
            drawn[label] += 1
    return list(found)

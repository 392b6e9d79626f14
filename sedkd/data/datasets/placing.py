"""Decide where every clip of several datasets goes: official splits stand, no recording straddles two of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, WEAK, Clip, Dataset
from sedkd.data.datasets.leaks import components, same_audio
from sedkd.data.datasets.stratify import held_out
from sedkd.data.recordings import TEST
from sedkd.words import several

LEARNT = (TRAIN, WEAK, UNLABELED)
RANK = {TEST: 0, VALIDATION: 1, TRAIN: 2, WEAK: 2, UNLABELED: 2}

Listed = tuple[Dataset, Clip]
Labels = Callable[[Dataset, Clip], list[str]]
"""The labels of a training clip's events, one for each event."""


@dataclass(frozen=True)
class Placed:
    """A clip with the split that it is used in."""

    dataset: Dataset
    clip: Clip
    split: str


def placed(listed: Sequence[Listed], labels: Labels, seed: int) -> tuple[list[Placed], list[str]]:
    """The clips that are used, each in its split, and what was left out, in a line at most.

    The same recording (by its group, or by its decoded audio) stays in one split: test before validation before
    training. Of two names for the same audio in one split of one dataset, the first is used, with the labels of both.
    An environment without a validation split gets one out of its training recordings (`stratify`).
    """
    listed, audio = list(listed), same_audio([clip for _, clip in listed])
    kept: list[list[int]] = []
    lost: list[tuple[int, int]] = []
    for members in components([clip.group for _, clip in listed], audio):
        used, unused = _one_split(listed, members, audio)
        kept.append(used)
        lost += unused
        for index, first in unused:
            (dataset, clip), (_, copy) = listed[first], listed[index]
            if first in used and copy.split == clip.split:
                listed[first] = dataset, replace(clip, copies=(*clip.copies, copy))
    chosen, lacking = _validating(listed, kept, labels, seed)
    found = []
    for number, members in enumerate(kept):
        for index in members:
            dataset, clip = listed[index]
            split = clip.split
            if number in chosen and split in LEARNT:
                if split != TRAIN or clip.environment not in lacking:
                    continue  # the recording validates elsewhere
                split = VALIDATION
            found.append(Placed(dataset, clip, split))
    return found, _notice(listed, lost)


def _one_split(
    listed: Sequence[Listed], members: Sequence[int], audio: Sequence[str]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Of one recording's clips those that are used, and (one that is not, the one that it repeats)."""
    best = min(RANK[listed[index][1].split] for index in members)
    used: list[int] = []
    lost: list[tuple[int, int]] = []
    first: dict[tuple, int] = {}
    winner = next(index for index in members if RANK[listed[index][1].split] == best)
    for index in members:
        dataset, clip = listed[index]
        key = (str(dataset.root), clip.environment, clip.split, audio[index])
        if RANK[clip.split] > best:
            lost.append((index, winner))
        elif key in first:
            lost.append((index, first[key]))
        else:
            first[key] = index
            used.append(index)
    return used, lost


def _validating(
    listed: Sequence[Listed], kept: Sequence[Sequence[int]], labels: Labels, seed: int
) -> tuple[set[int], set[str]]:
    """The recordings, by number, that validate from now on, and the environments that had no validation split."""
    splits = {(listed[index][1].environment, listed[index][1].split) for members in kept for index in members}
    lacking = sorted({name for name, split in splits if split == TRAIN and (name, VALIDATION) not in splits})
    chosen: set[int] = set()
    for name in lacking:
        groups: dict[int, Counter[str]] = {}
        for number, members in enumerate(kept):
            clips = [listed[index] for index in members]
            own = [(d, clip) for d, clip in clips if (clip.environment, clip.split) == (name, TRAIN)]
            if own and number not in chosen:
                groups[number] = Counter(label for one in own for label in labels(*one))
        chosen |= held_out(groups, seed)
    return chosen, set(lacking)


def _notice(listed: Sequence[Listed], lost: Sequence[tuple[int, int]]) -> list[str]:
    if not lost:
        return []
    (dataset, one), (home, other) = listed[lost[0][0]], listed[lost[0][1]]
    together = any(clip.copies for _, clip in listed)
    return [
        f"{several(len(lost), 'clip')} left out, whose recording is also elsewhere: {one.filename} ({dataset.title}, "
        f"{one.split}) is {other.filename} ({home.title}, {other.split})"
        + (", and so on" if len(lost) > 1 else "")
        + ("; of names in the same split the labels count together" if together else "")
    ]

"""Find the same recording under two names, in two splits or in two datasets."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from sedkd.data.audio import content_hash, read_blocks
from sedkd.data.datasets.dataset import VALIDATION, Clip
from sedkd.data.decoding import BrokenAudio
from sedkd.data.inspection import audio_info, audio_infos
from sedkd.data.recordings import TEST, Recording
from sedkd.disk.kept import kept
from sedkd.disk.paths import cache_root, written_atomically
from sedkd.disk.remembered import remembered
from sedkd.errors import UserError

VERSION = 2
GLIMPSE = 8000  # frames
SCORED = (VALIDATION, TEST)
DIGEST_BYTES = 16


def decoded_hash(path: Path) -> str:
    """Hexadecimal digest of what a file sounds like: its rate and the mean of its channels in 16 bits.

    So wav and flac, 16 and 24 bits, mono and twice the same channel agree. Kept on disk by the file's content.
    """
    file = cache_root() / "decoded" / f"{content_hash(path)}-{VERSION}.txt"
    found = kept(file, _read_digest)
    if found is not None:
        return found
    digest = _digest(path)
    with written_atomically(file) as temporary:
        temporary.write_text(digest)
    return digest


def same_audio(clips: Sequence[Clip]) -> list[str]:
    """A key per clip that clips of the same sound share.

    Only files of equal length are looked into, and only those that agree half-way are decoded as a whole. A broken file
    is like no other; who reads it will say so.
    """
    paths = [clip.path.resolve() for clip in clips]
    audio_infos(paths)  # all at once
    keys = [_or_its_own(_length, path) for path in paths]
    for finer in (_glimpses, _decoded):
        alike: dict[str, set[Path]] = defaultdict(set)
        for path, key in zip(paths, keys, strict=True):
            alike[key].add(path)
        found = finer([path for same in alike.values() if len(same) > 1 for path in sorted(same)])
        keys = [f"{key} {found[path]}" if path in found else key for path, key in zip(paths, keys, strict=True)]
    return keys


def told_twice(clips: Sequence[Clip]) -> list[str]:
    """What to say of recordings that a folder holds twice, whose splits its owner made: a line for those of validation
    or test that are in another split as well, and one for those that are twice in one. Two environments may be scored
    on the same recording, of which nothing is learnt."""
    across: list[tuple[Clip, Clip]] = []
    within: list[tuple[Clip, Clip]] = []
    for members in components(same_audio(clips)):
        first, *others = sorted((clips[index] for index in members), key=lambda clip: clip.split not in SCORED)
        for other in others:
            if (first.environment, first.split) == (other.environment, other.split):
                within.append((first, other))
            elif first.split in SCORED and (other.split not in SCORED or other.environment == first.environment):
                across.append((first, other))
    lines = []
    if across:
        lines.append(
            f"{_count(across)} in two splits: {_named(across[0])}; what is learnt from one and scored on the other "
            "looks better than it is: keep it in one split"
        )
    if within:
        lines.append(f"{_count(within)} twice in one split: {_named(within[0])}; it counts twice: remove one")
    return lines


def require_other_audio(negatives: Sequence[Recording], with_events: Sequence[Recording]) -> None:
    """UserError where one of the negatives sounds like a recording that holds events: to hear them would be wrong."""
    pair = sounding_alike([one.path for one in negatives], [one.path for one in with_events])
    if pair is not None:
        raise UserError(f"{pair[0]}: sounds like {pair[1]}, which holds events: remove it here")


def sounding_alike(these: Sequence[Path], those: Sequence[Path]) -> tuple[Path, Path] | None:
    """The first of these that sounds like one of those, and which; None where none does."""
    both = [*these, *those] if these else []
    clips = [Clip(path, path.name, "", "", "") for path in both]
    for first, *others in components(same_audio(clips)):
        other = next((index for index in others if index >= len(these)), None)
        if first < len(these) and other is not None:
            return both[first], both[other]
    return None


def _count(pairs: Sequence[tuple[Clip, Clip]]) -> str:
    return "1 recording is" if len(pairs) == 1 else f"{len(pairs)} recordings are"


def _named(pair: tuple[Clip, Clip]) -> str:
    first, other = (f"{clip.filename} ({clip.split})" for clip in pair)
    return f"{first} sounds like {other}"


def components(*keys: Sequence[str]) -> list[list[int]]:
    """Indices that hang together because they share a key of any of the lists, in order of their first."""
    parent = list(range(len(keys[0])))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for names in keys:
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            one, other = root(first.setdefault(name, index)), root(index)
            parent[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = defaultdict(list)
    for index in range(len(parent)):
        found[root(index)].append(index)
    return list(found.values())


def _or_its_own(key: Callable[[Path], str], path: Path) -> str:
    """The key of a file, or, where it is broken, its name."""
    try:
        return key(path)
    except BrokenAudio:
        return str(path)


def _length(path: Path) -> str:
    info = audio_info(path)
    return repr((info.rate, info.frames))


def _decoded(paths: Sequence[Path]) -> dict[Path, str]:
    return {path: _or_its_own(decoded_hash, path) for path in paths}


def _glimpses(paths: Sequence[Path]) -> dict[Path, str]:
    """What files sound like half-way, remembered; their names where they are broken."""
    found = remembered(f"glimpse {VERSION}", paths, _glimpse)
    return {path: glimpse or str(path) for path, glimpse in zip(paths, found, strict=True)}


def _glimpse(path: Path) -> str | None:
    try:
        return _digest(path, audio_info(path).frames // 2, GLIMPSE)
    except BrokenAudio:
        return None


def _digest(path: Path, start: int = 0, frames: int | None = None) -> str:
    digest = blake2b(str(audio_info(path).rate).encode(), digest_size=DIGEST_BYTES)
    for block in read_blocks(path, start, frames):
        whole = np.floor(block * 32768).astype(np.int32)  # as 16 bits hold it, whatever wrote it
        digest.update((whole.sum(axis=1) // whole.shape[1]).astype("<i2").tobytes())
    return digest.hexdigest()


def _read_digest(file: Path) -> str:
    digest = file.read_text()
    if not re.fullmatch(rf"[0-9a-f]{{{2 * DIGEST_BYTES}}}", digest):
        raise ValueError("no digest")
    return digest

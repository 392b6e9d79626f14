"""Find the same recording under two names, in two splits or in two datasets."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from sedkd.data.audio import content_hash, read_blocks
from sedkd.data.datasets.dataset import Clip
from sedkd.data.decoding import BrokenAudio
from sedkd.data.inspection import audio_info, audio_infos
from sedkd.disk.kept import kept
from sedkd.disk.paths import cache_root, written_atomically

VERSION = 2
GLIMPSE = 8000  # frames
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
    for finer in (_glimpse, decoded_hash):
        alike: dict[str, set[Path]] = defaultdict(set)
        for path, key in zip(paths, keys, strict=True):
            alike[key].add(path)
        keys = [
            f"{key} {_or_its_own(finer, path)}" if len(alike[key]) > 1 else key
            for path, key in zip(paths, keys, strict=True)
        ]
    return keys


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


def _glimpse(path: Path) -> str:
    """What a file sounds like half-way."""
    return _digest(path, audio_info(path).frames // 2, GLIMPSE)


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

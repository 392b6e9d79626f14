"""Read audio of any usual kind as mono float32 at one rate.

Multi-channel audio is averaged to mono, unless its channels cancel each other (see `sedkd.data.inspection`).
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from sedkd.data.decoding import BrokenAudio, Sound, opened, require_sound, unreadable
from sedkd.data.inspection import BLOCK_SECONDS, AudioInfo, audio_info, require_whole
from sedkd.data.resampling import ratio, resampled
from sedkd.errors import UserError

MARGIN_SECONDS = 0.05  # read on both sides of a span, more than the resampling filter is long


def read_audio(path: Path, rate: int) -> np.ndarray:
    """The whole file as mono float32 `[samples]` at `rate` Hz. BrokenAudio names what cannot be read to its end."""
    info = audio_info(path)
    with opened(path, info.reader) as sound:
        block = sound.read(info.frames)
    if len(block) == 0:
        raise unreadable(path)
    require_whole(path, (info.frames - len(block)) / info.rate)
    return resampled(_mono(path, block, info), info.rate, rate)


def read_part(path: Path, start: float, seconds: float) -> tuple[np.ndarray, int]:
    """Up to `seconds` from `start` as mono float32 `[samples]` at the file's own rate, and that rate in Hz."""
    info = audio_info(path)
    with opened(path, info.reader) as sound:
        _go_to(sound, 0, min(int(start * info.rate), info.frames))
        return _mono(path, sound.read(int(seconds * info.rate)), info), info.rate


def read_blocks(path: Path, start: int = 0, frames: int | None = None) -> Iterator[np.ndarray]:
    """The samples from `start` on, `frames` of them or all, as float32 `[samples, channels]` at the file's own rate, in
    blocks of some seconds; of channels that cancel each other the one that is heard."""
    info = audio_info(path)
    left = info.frames - start if frames is None else frames
    with opened(path, info.reader) as sound:
        _go_to(sound, 0, start)
        while left > 0 and len(block := sound.read(min(left, round(BLOCK_SECONDS * info.rate)))):
            left -= len(block)
            yield block if info.channel is None else block[:, info.channel, None]


def read_spans(path: Path, rate: int, spans: Iterable[tuple[int, int]]) -> Iterator[np.ndarray]:
    """Samples `start:stop` at `rate` Hz of each span, as cut from the whole resampled file, so without seams.

    Only one span is held at a time. A span that reaches past the end comes back shorter, perhaps empty. Spans in order
    cost least of a stream, which is read on from its beginning.
    """
    info = audio_info(path)
    with opened(path, info.reader) as sound:
        old, new = ratio(info.rate, rate)
        margin = 0 if old == new else math.ceil(MARGIN_SECONDS * info.rate)
        held, begin = np.zeros((0, sound.channels), np.float32), 0
        for start, stop in spans:
            # A multiple of `old` samples: there both rates have a sample at the same instant.
            first = max(start * old // new - margin, 0) // old * old
            last = min(-(-stop * old // new) + margin, info.frames)
            if not begin <= first <= begin + len(held):
                _go_to(sound, begin + len(held), min(first, info.frames))
                held, begin = held[:0], first
            more = sound.read(max(last - begin - len(held), 0))
            held, begin = np.concatenate([held[first - begin :], more]), first
            block = held[: max(last - first, 0)]
            found = resampled(_mono(path, block, info), info.rate, rate) if len(block) else block[:, 0]
            skipped = first // old * new
            yield found[start - skipped : stop - skipped]


def fault_of(path: Path) -> str:
    """Why an audio file cannot be used, in one line; empty when it can: it is read to its end."""
    try:
        info, read = audio_info(path), 0
        for block in read_blocks(path):
            _mono(path, block, None)
            read += len(block)
        if read == 0:
            raise unreadable(path)
        require_whole(path, (info.frames - read) / info.rate)
    except BrokenAudio as error:
        return str(error)
    return ""


def content_hash(path: Path) -> str:
    """Hexadecimal digest of the file's bytes: the audio's part of a cache key."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check that the file exists") from error


def _go_to(sound: Sound, now: int, wanted: int) -> None:
    """Move from one sample to another, by reading where jumps are not allowed."""
    if sound.seeks:
        sound.seek(wanted)
        return
    if wanted < now:
        sound.seek(0)
        now = 0
    while now < wanted:
        read = len(sound.read(min(wanted - now, round(BLOCK_SECONDS * sound.rate))))
        if read == 0:
            return
        now += read


def _mono(path: Path, block: np.ndarray, info: AudioInfo | None) -> np.ndarray:
    """The mean of the channels of `block`, or the one that `info` says is to be heard."""
    if info is not None and info.channel is not None:
        mono = block[:, info.channel]
    else:
        mono = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
    if len(mono):
        require_sound(path, mono)
    return mono

"""Read audio of any usual kind as mono float32 at one rate.

soundfile reads (wav, flac, ogg, mp3; partial reads), torchaudio resamples. Multi-channel audio is averaged to mono.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.errors import UserError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
MARGIN_SECONDS = 0.05  # read on both sides of a span, more than the resampling filter is long
BLOCK_SECONDS = 10.0  # held at a time of what is only gone through
CUT_OFF_SECONDS = 0.2  # an mp3's header may promise a little more than it holds, but no more than this


class BrokenAudio(UserError):
    """An audio file that is not there, or cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says: `rate` in Hz, `frames` per channel, `duration` in seconds.

    `seeks` is False of mp3: begun in its midst, the decoder lacks what earlier frames held for later ones.
    """

    rate: int
    frames: int
    seeks: bool

    @property
    def duration(self) -> float:
        return self.frames / self.rate


def audio_info(path: Path) -> AudioInfo:
    """Header of an audio file. UserError names the file when it is missing, unreadable or empty."""
    import soundfile

    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path) from error
    if info.frames <= 0:
        raise BrokenAudio(f"{path}: the audio file is empty; remove it, or record it again")
    return AudioInfo(info.samplerate, info.frames, info.format != "MP3")


def read_audio(path: Path, rate: int) -> np.ndarray:
    """The whole file as mono float32 `[samples]` at `rate` Hz."""
    with _opened(path) as (sound, info):
        block = sound.read(info.frames, dtype="float32", always_2d=True)
        if len(block) == 0:
            raise _unreadable(path)
        require_whole(path, (info.frames - len(block)) / info.rate)
        return _resampled(_mono(path, block), info.rate, rate)


def read_spans(path: Path, rate: int, spans: Iterable[tuple[int, int]]) -> Iterator[np.ndarray]:
    """Samples `start:stop` at `rate` Hz of each span, as cut from the whole resampled file, so without seams.

    Only one span is held at a time. A span that reaches past the end comes back shorter, perhaps empty. Spans in order
    cost least of mp3, which is read on from its beginning.
    """
    with _opened(path) as (sound, info):
        common = math.gcd(info.rate, rate)
        old, new = info.rate // common, rate // common
        margin = 0 if old == new else math.ceil(MARGIN_SECONDS * info.rate)
        held, begin = np.zeros((0, sound.channels), np.float32), 0
        for start, stop in spans:
            # A multiple of `old` samples: there both rates have a sample at the same instant.
            first = max(start * old // new - margin, 0) // old * old
            last = min(-(-stop * old // new) + margin, info.frames)
            if not begin <= first <= begin + len(held):
                _go_to(sound, begin + len(held), min(first, info.frames))
                held, begin = held[:0], first
            more = sound.read(max(last - begin - len(held), 0), dtype="float32", always_2d=True)
            held, begin = np.concatenate([held[first - begin :], more]), first
            block = held[: max(last - first, 0)]
            resampled = _resampled(_mono(path, block), info.rate, rate) if len(block) else block[:, 0]
            skipped = first // old * new
            yield resampled[start - skipped : stop - skipped]


def fault_of(path: Path) -> str:
    """Why an audio file cannot be used, in one line; empty when it can: it is read to its end."""
    try:
        with _opened(path) as (sound, info):
            left = info.frames
            while left > 0:
                block = sound.read(min(left, round(BLOCK_SECONDS * info.rate)), dtype="float32", always_2d=True)
                _mono(path, block)
                if len(block) == 0:
                    break
                left -= len(block)
            if left == info.frames:
                raise _unreadable(path)
            require_whole(path, left / info.rate)
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


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, AudioInfo]]:
    """The open file (soundfile.SoundFile) and its header; BrokenAudio for what libsndfile cannot do with it."""
    import soundfile

    info = audio_info(path)
    try:
        with soundfile.SoundFile(str(path)) as sound:
            if not info.seeks:
                # soundfile jumps to where it is after every read, if it may: each time mp3's next frames would be
                # decoded without what earlier ones held for them, off by up to a tenth of full scale.
                sound.seekable = lambda: False
                sound.seek(0)
            yield sound, info
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path) from error


def _go_to(sound: Any, now: int, wanted: int) -> None:
    """Move from one sample to another, by reading where jumps are not allowed."""
    if sound.seekable():
        sound.seek(wanted)
        return
    if wanted < now:
        sound.seek(0)
        now = 0
    while now < wanted:
        read = len(sound.read(min(wanted - now, round(BLOCK_SECONDS * sound.samplerate)), dtype="float32"))
        if read == 0:
            return
        now += read


def require_whole(path: Path, missing_seconds: float) -> None:
    """BrokenAudio when more is missing of a file than its header may promise too much."""
    if missing_seconds > CUT_OFF_SECONDS:
        raise BrokenAudio(f"{path}: ends {missing_seconds:.2f} s before the length in its header; it is cut off")


def _mono(path: Path, block: np.ndarray) -> np.ndarray:
    mono = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
    if not np.isfinite(mono).all():
        raise BrokenAudio(f"{path}: holds samples that are not finite numbers; export the file again")
    return mono


def _resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    if rate == wanted:
        return samples
    import torch
    import torchaudio.functional

    return torchaudio.functional.resample(torch.from_numpy(samples), rate, wanted).numpy()


def _unreadable(path: Path) -> BrokenAudio:
    if not path.exists():
        return BrokenAudio(f"{path}: no such audio file")
    if path.stat().st_size == 0:
        return BrokenAudio(f"{path}: the audio file is empty (0 bytes); remove it, or record it again")
    return BrokenAudio(f"{path}: cannot be read as audio; sedkd reads {', '.join(s[1:] for s in AUDIO_SUFFIXES)}")

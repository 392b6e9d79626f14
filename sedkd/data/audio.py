"""Read audio of any usual kind as mono float32 at one rate.

soundfile reads (wav, flac, ogg, mp3; partial reads), torchaudio resamples. Multi-channel audio is averaged to mono.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sedkd.errors import UserError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
MARGIN_SECONDS = 0.05  # read on both sides of a span, more than the resampling filter is long
CUT_OFF_SECONDS = 0.2  # an mp3's header may promise a little more than it holds, but no more than this


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says: `rate` in Hz, `frames` per channel, `duration` in seconds."""

    rate: int
    frames: int

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
        raise UserError(f"{path}: the audio file is empty; remove it, or record it again")
    return AudioInfo(info.samplerate, info.frames)


def read_audio(path: Path, rate: int) -> np.ndarray:
    """The whole file as mono float32 `[samples]` at `rate` Hz."""
    return next(read_blocks(path, rate, block_seconds=None))


def read_blocks(
    path: Path, rate: int, block_seconds: float | None, overlap_seconds: float = 0.0
) -> Iterator[np.ndarray]:
    """Consecutive blocks `[samples]` of `block_seconds`, each beginning `overlap_seconds` before the last one's end.

    Only one block is held at a time, so that a file of any length is read in bounded memory; None reads it whole.
    Each block is resampled alone. The last block may be shorter.
    """
    import soundfile

    info = audio_info(path)
    size = info.frames if block_seconds is None else round(block_seconds * info.rate)
    step = size - round(overlap_seconds * info.rate)
    try:
        with soundfile.SoundFile(str(path)) as sound:
            for start in range(0, max(info.frames - (size - step), 1), step):
                sound.seek(start)
                block = sound.read(size, dtype="float32", always_2d=True)
                if len(block) == 0:
                    raise _unreadable(path)
                missing = (min(size, info.frames - start) - len(block)) / info.rate
                if missing > CUT_OFF_SECONDS:
                    raise UserError(f"{path}: ends {missing:.2f} s before the length in its header; it is cut off")
                yield _resampled(_mono(path, block), info.rate, rate)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path) from error


def read_spans(path: Path, rate: int, spans: Iterable[tuple[int, int]]) -> Iterator[np.ndarray]:
    """Samples `start:stop` at `rate` Hz of each span, as cut from the whole resampled file, so without seams.

    Only one span is held at a time. A span that reaches past the end comes back shorter, perhaps empty.
    """
    import soundfile

    info = audio_info(path)
    common = math.gcd(info.rate, rate)
    old, new = info.rate // common, rate // common
    margin = 0 if old == new else math.ceil(MARGIN_SECONDS * info.rate)
    try:
        with soundfile.SoundFile(str(path)) as sound:
            for start, stop in spans:
                # A multiple of `old` samples: there both rates have a sample at the same instant.
                first = max(start * old // new - margin, 0) // old * old
                last = min(-(-stop * old // new) + margin, info.frames)
                sound.seek(min(first, info.frames))
                block = sound.read(max(last - first, 0), dtype="float32", always_2d=True)
                resampled = _resampled(_mono(path, block), info.rate, rate) if len(block) else block[:, 0]
                skipped = first // old * new
                yield resampled[start - skipped : stop - skipped]
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path) from error


def content_hash(path: Path) -> str:
    """Hexadecimal digest of the file's bytes: the audio's part of a cache key."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check that the file exists") from error


def _mono(path: Path, block: np.ndarray) -> np.ndarray:
    mono = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
    if not np.isfinite(mono).all():
        raise UserError(f"{path}: holds samples that are not finite numbers; export the file again")
    return mono


def _resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    if rate == wanted:
        return samples
    import torch
    import torchaudio.functional

    return torchaudio.functional.resample(torch.from_numpy(samples), rate, wanted).numpy()


def _unreadable(path: Path) -> UserError:
    if not path.exists():
        return UserError(f"{path}: no such audio file")
    if path.stat().st_size == 0:
        return UserError(f"{path}: the audio file is empty (0 bytes); remove it, or record it again")
    return UserError(f"{path}: cannot be read as audio; sedkd reads {', '.join(s[1:] for s in AUDIO_SUFFIXES)}")

"""WAV files whose sizes are wrong: a recorder lost power, or a stream had no end when its header was written.

The sizes stand in the header and are written last. Where they are wrong the audio is there all the same: this module
finds how much of it, and shows it to a decoder without its header.
"""

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

UNKNOWN = 0x7FFFF000  # writers that cannot go back put sizes from here upwards, as sox and ffmpeg do into a pipe
PADDING = 1 << 16  # bytes of zeros behind the audio that are no silence but a writer's padding
PCM, FLOAT, EXTENDED = 0x0001, 0x0003, 0xFFFE
SUBTYPES = {(PCM, 8): "PCM_U8", (PCM, 16): "PCM_16", (PCM, 24): "PCM_24", (PCM, 32): "PCM_32"}
SUBTYPES |= {(FLOAT, 32): "FLOAT", (FLOAT, 64): "DOUBLE"}
FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Layout:
    """How samples are written: `rate` in Hz, `channels`, `bytes` of one sample of all of them, and soundfile's name."""

    rate: int
    channels: int
    bytes: int
    subtype: str


@dataclass(frozen=True)
class Wav:
    """Where a WAV file's audio lies: from byte `start`, by its header `said` bytes of it, `there` bytes in truth."""

    start: int
    said: int
    there: int
    layout: Layout

    @property
    def frames(self) -> int:
        return self.there // self.layout.bytes

    @property
    def missing_seconds(self) -> float:
        """What the header promises and the file lacks; 0 where the writer could not know."""
        if self.said >= UNKNOWN:
            return 0.0
        return max(self.said - self.there, 0) / (self.layout.bytes * self.layout.rate)

    @property
    def holds_more(self) -> bool:
        """Whether there is audio that the header does not know of."""
        return self.there >= self.said + self.layout.bytes


def look_into(path: Path) -> Wav | None:
    """What the header of a RIFF file says and what is there; None for all that is not uncompressed audio in one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        layout: Layout | None = None
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            begin = file.tell()
            if name == b"data":
                return None if layout is None else _measured(file, begin, length, size, layout)
            if name == b"fmt ":
                layout = _layout(file.read(min(length, 40)))
            file.seek(begin + length + length % 2)
    return None


def audio_bytes(path: Path, wav: Wav) -> BinaryIO:
    """The audio alone, as a file without a header; close it when done."""
    length = wav.frames * wav.layout.bytes
    return io.BufferedReader(_Part(path, wav.start, wav.start + length), 1 << 16)


def _layout(content: bytes) -> Layout | None:
    if len(content) < 16:
        return None
    tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", content[:16])
    if tag == EXTENDED and len(content) >= 26:
        tag = struct.unpack("<H", content[24:26])[0]
    subtype = SUBTYPES.get((tag, bits))
    if subtype is None or not rate or not channels or block != channels * bits // 8:
        return None
    return Layout(rate, channels, block, subtype)


def _measured(file: BinaryIO, begin: int, said: int, size: int, layout: Layout) -> Wav:
    there = min(said, size - begin)
    if there < size - begin and not _is_chunks(file, begin + said + said % 2, size):
        there = size - begin
    return Wav(begin, said, there, layout)


def _is_chunks(file: BinaryIO, begin: int, size: int) -> bool:
    """Whether what lies behind the audio are further chunks, or padding, and not more audio."""
    while size - begin >= 8:
        file.seek(begin)
        name, length = struct.unpack("<4sI", file.read(8))
        if not all(32 <= byte < 127 for byte in name):
            return _is_padding(file, begin, size)
        begin += 8 + length + length % 2
    return begin <= size + 1


def _is_padding(file: BinaryIO, begin: int, size: int) -> bool:
    if size - begin > PADDING:
        return False
    file.seek(begin)
    return not any(file.read())


class _Part(io.RawIOBase):
    """Bytes `start:stop` of a file as a file."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self._file, self._start, self._stop, self._at = path.open("rb"), start, stop, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._stop}[whence]
        self._at = begin + offset
        return self._at - self._start

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._at)
        content = self._file.read(max(min(len(buffer), self._stop - self._at), 0))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()

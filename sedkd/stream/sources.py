"""Where a stream of samples comes from: 16-bit PCM in a pipe, or a microphone. Pieces as soon as they are there."""

import queue
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, BinaryIO

import numpy as np

from sedkd.data.mp3 import FRAMES_BYTES, begins_mp3, frame_bytes
from sedkd.errors import UserError

HEADERS = (
    *(b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff", b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b".snd", b"#!AMR"),
    b"\x1a\x45\xdf\xa3",
)
"""With what audio files begin: WAV, W64, FLAC, Ogg, mp3 with a tag, AIFF, CAF, AU, AMR, WebM and Matroska; those of MP4
have `ftyp` behind four bytes, and an mp3 without a tag is known by its frames."""
HEADER_BYTES = 8
PIECE = 1 << 16  # bytes at most
FULL_SCALE = 32768
HELD_SECONDS = 5.0  # of a microphone's sound that may wait
BLOCK_SECONDS = 0.08
SILENT_SECONDS = 10.0  # without any samples, after which a microphone is taken to be gone


def pcm_pieces(stream: BinaryIO | None, rate: int) -> Iterator[np.ndarray]:
    """The samples `[n]` float32 of 16-bit little-endian mono PCM, in pieces as they can be read from `stream`.

    Raises:
        UserError: there is nothing to read, it is a file with a header, or it ends within a sample; after the last
            whole sample was yielded.
    """
    wanted = f"pipe 16-bit little-endian mono PCM at {rate} Hz into it"
    if stream is None:
        raise UserError(f"stdin is closed; {wanted}")
    if stream.isatty():
        raise UserError(f"stdin is a terminal; {wanted}, or leave out the - to hear the microphone")
    waiting, begun = b"", False
    while piece := _read(stream):
        waiting += piece
        if not begun and len(waiting) < (FRAMES_BYTES if frame_bytes(waiting[:4]) else HEADER_BYTES):
            continue
        if not begun:
            _require_no_header(waiting, wanted)
        begun = True
        yield _samples(waiting)
        waiting = waiting[len(waiting) // 2 * 2 :]
    if not begun and not waiting:
        raise UserError(f"stdin is empty; {wanted}")
    if not begun:
        _require_no_header(waiting, wanted)
    if len(waiting) >= 2:
        yield _samples(waiting)
    if len(waiting) % 2:
        raise UserError(f"stdin ended within a sample; {wanted}")


def _require_no_header(first: bytes, wanted: str) -> None:
    if first.startswith(HEADERS) or first[4:8] == b"ftyp" or begins_mp3(first):
        raise UserError(f"stdin is an audio file with a header; {wanted}, or name the file to sedkd detect --stream")


class Microphone(AbstractContextManager["Microphone"]):
    """The default microphone, mono. `lost` is how many seconds of its sound were lost so far because nobody took it;
    they are replaced by silence, so that times stay true. `overflows` counts how often the system dropped sound
    before it came here; how much, it does not tell.

    Raises:
        UserError: no library for it, no microphone, or not at this rate; while listening, that it has fallen silent.
    """

    def __init__(self, rate: int) -> None:
        self.rate, self.overflows, self._lost = rate, 0, 0
        self._silent = 0  # of what was lost, how many samples since the last block that was kept
        self._waiting: queue.Queue[tuple[int, np.ndarray]] = queue.Queue(round(HELD_SECONDS / BLOCK_SECONDS))
        self._stack = ExitStack()
        sounddevice = _sounddevice()
        try:
            stream = sounddevice.RawInputStream(
                samplerate=rate, channels=1, dtype="int16", blocksize=round(BLOCK_SECONDS * rate), callback=self._take
            )
            self._stack.enter_context(stream)
        except sounddevice.PortAudioError as error:
            raise UserError(
                f"no microphone at {rate} Hz ({error}); name a rate that it has with --rate, or pipe PCM into -"
            ) from error

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def lost(self) -> float:
        return self._lost / self.rate

    def pieces(self) -> Iterator[np.ndarray]:
        """Its samples `[n]` float32, without end."""
        while True:
            try:
                silent, piece = self._waiting.get(timeout=SILENT_SECONDS)
            except queue.Empty:
                raise UserError(
                    f"the microphone has delivered nothing for {SILENT_SECONDS:g} s; is it still plugged in?"
                ) from None
            yield np.concatenate([np.zeros(silent, np.float32), piece])

    def _take(self, data: Any, frames: int, _: Any, status: Any) -> None:
        """In PortAudio's thread."""
        self.overflows += bool(status.input_overflow)
        try:
            self._waiting.put_nowait((self._silent, _samples(bytes(data))))
            self._silent = 0
        except queue.Full:
            self._lost += frames
            self._silent += frames


def standard_input() -> BinaryIO | None:
    return None if sys.stdin is None else sys.stdin.buffer


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read1(PIECE)  # type: ignore[attr-defined]
    except OSError as error:
        raise UserError(f"stdin cannot be read ({error.strerror})") from error


def _samples(data: bytes) -> np.ndarray:
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / FULL_SCALE


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise UserError(
            "the microphone needs sounddevice: pip install 'sedkd[microphone]', or pipe PCM into -"
        ) from error
    except OSError as error:
        raise UserError("the microphone needs PortAudio (Debian: libportaudio2), or pipe PCM into -") from error
    return sounddevice

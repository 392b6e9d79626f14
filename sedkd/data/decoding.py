"""Decoders of audio files: soundfile, which jumps, and FFmpeg (PyAV), which goes on where a header says it ends.

Which of the two reads a file is decided once, by `sedkd.data.inspection`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, Literal, Protocol

import numpy as np

from sedkd.data.riff import audio_bytes, look_into
from sedkd.errors import UserError

Reader = Literal["file", "part", "stream"]
"""`file`: soundfile; `part`: soundfile, on the audio of a WAV file whose header is wrong; `stream`: FFmpeg, from the
beginning to the end."""

FORMATS = "mp3,flac,ogg,wav,w64,aac,aiff,caf,mov,matroska"  # FFmpeg also knows playlists, which lead to other files
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".opus", ".m4a", ".aac", ".aiff", ".aif", ".caf", ".w64")
TELLING = "mov"  # begins the name of the formats whose headers hold a length that is no guess
LARGEST = 1e12  # times full scale: more than integers saved as floats, less than what has no power in float32
LOST_PACKETS = 3  # that cannot be decoded, as where one mp3 was put behind another; more are damage


class BrokenAudio(UserError):
    """An audio file that is not there, or cannot be read to its end."""


class Sound(Protocol):
    """An open file: `rate` in Hz, and whether it `seeks`; otherwise it can only go back to its beginning. `promised`:
    seconds by a stream's header, 0 where that holds no length."""

    rate: int
    channels: int
    seeks: bool
    promised: float

    def read(self, frames: int) -> np.ndarray:
        """The next samples, float32 `[up to frames, channels]`; none at the end."""
        ...

    def seek(self, frame: int) -> None:
        """Go to a sample; where it does not seek, to 0 only."""
        ...


@contextmanager
def opened(path: Path, reader: Reader) -> Iterator[Sound]:
    """The open file. BrokenAudio for what the decoder cannot do with it, here or in a later `read`."""
    sound = _Stream(path) if reader == "stream" else _File(path, reader == "part")
    try:
        yield sound
    finally:
        sound.close()


def is_special(path: Path) -> bool:
    """Whether a pipe, a socket or a device stands there: to open it may wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (S_ISREG(mode) or S_ISDIR(mode))


def require_file(path: Path) -> None:
    """BrokenAudio for what is no file that lies on a disk, and for a name that no table can hold."""
    if is_special(path):
        raise BrokenAudio(f"{path}: is a pipe, a socket or a device, no audio file; save its sound into a file")
    escaped = str(path).encode("utf-8", "backslashreplace").decode()
    if escaped != str(path):
        raise BrokenAudio(f"{escaped}: cannot be read, since its name is not UTF-8; rename it")


def unreadable(path: Path) -> BrokenAudio:
    """What to say of a file that no decoder opens."""
    if not path.exists():
        return BrokenAudio(f"{path}: no such audio file")
    if path.is_file() and path.stat().st_size == 0:
        return BrokenAudio(f"{path}: the audio file is empty (0 bytes); remove it, or record it again")
    return BrokenAudio(f"{path}: cannot be read as audio; sedkd reads {', '.join(s[1:] for s in AUDIO_SUFFIXES)}")


def require_sound(path: Path, samples: np.ndarray) -> float:
    """The largest magnitude of a file's `samples`, of which there are some.

    Raises:
        BrokenAudio: one is NaN or infinite, or so large that its power would be.
    """
    peak = max(float(samples.max()), -float(samples.min()))
    if not np.isfinite(peak):
        raise BrokenAudio(f"{path}: holds samples that are not finite numbers; export the file again")
    if peak > LARGEST:
        raise BrokenAudio(f"{path}: holds a sample of {peak:.0e} times full scale, which is no sound; export it again")
    return peak


class _File:
    """A file that soundfile reads."""

    seeks = True
    promised = 0.0

    def __init__(self, path: Path, part: bool) -> None:
        import soundfile

        self._path, self._error, self._bytes = path, soundfile.LibsndfileError, None
        try:
            if part:
                wav = look_into(path)
                if wav is None:  # it was written anew since it was looked at
                    raise unreadable(path)
                self._bytes, layout = audio_bytes(path, wav), wav.layout
                self._sound = soundfile.SoundFile(
                    self._bytes, samplerate=layout.rate, channels=layout.channels, format="RAW",
                    subtype=layout.subtype, endian="LITTLE",
                )  # fmt: skip
            else:
                self._sound = soundfile.SoundFile(str(path))
        except (soundfile.LibsndfileError, OSError) as error:
            raise unreadable(path) from error
        self.rate, self.channels = self._sound.samplerate, self._sound.channels

    def read(self, frames: int) -> np.ndarray:
        try:
            return self._sound.read(frames, dtype="float32", always_2d=True)
        except (self._error, OSError) as error:
            raise _damaged(self._path, error) from error

    def seek(self, frame: int) -> None:
        try:
            self._sound.seek(frame)
        except (self._error, OSError) as error:
            raise _damaged(self._path, error) from error

    def close(self) -> None:
        self._sound.close()
        if self._bytes is not None:
            self._bytes.close()


class _Stream:
    """A file that FFmpeg reads, packet after packet; `promised` seconds by its header, 0 where that holds no length."""

    seeks = False
    promised = 0.0

    def __init__(self, path: Path) -> None:
        self._path, self._held = path, np.zeros((0, 1), np.float32)
        self._open()

    def read(self, frames: int) -> np.ndarray:
        blocks, left = [], frames
        while left > 0:
            if not len(self._held):
                block = next(self._blocks, None)
                if block is None:
                    break
                self._held = block
            blocks.append(self._held[:left])
            self._held = self._held[left:]
            left -= len(blocks[-1])
        return np.concatenate(blocks) if blocks else np.zeros((0, self.channels), np.float32)

    def seek(self, frame: int) -> None:
        assert frame == 0
        self.close()
        self._open()

    def close(self) -> None:
        self._container.close()

    def _open(self) -> None:
        import av

        av.logging.set_level(av.logging.PANIC)  # its messages do not say which file they are about
        try:
            allowed = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
            self._container: Any = av.open(str(self._path), options=allowed)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise unreadable(self._path) from error
        audio = self._container.streams.audio
        # A stream whose codec is unknown has no decoder, and so neither rate nor channels.
        if not audio or audio[0].codec_context is None or not audio[0].rate or not audio[0].channels:
            self._container.close()
            raise unreadable(self._path)
        self._stream = audio[0]
        duration = self._container.duration if self._container.format.name.startswith(TELLING) else None
        self.promised = (duration or 0) / av.time_base
        self.rate, self.channels = self._stream.rate, self._stream.channels
        self._blocks, self._held = self._decoded(), np.zeros((0, self.channels), np.float32)

    def _decoded(self) -> Iterator[np.ndarray]:
        import av

        lost, packets = 0, self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                return
            except av.error.EOFError:
                return
            except av.error.InvalidDataError as error:
                lost += 1
                if lost > LOST_PACKETS:
                    raise _damaged(self._path, error) from error
                continue
            except (av.FFmpegError, OSError) as error:
                raise _damaged(self._path, error) from error
            for frame in frames:
                if frame.sample_rate != self.rate or len(frame.layout.channels) != self.channels:
                    raise BrokenAudio(
                        f"{self._path}: changes from {self.rate} Hz and {self.channels} channels to "
                        f"{frame.sample_rate} Hz and {len(frame.layout.channels)} in its midst; save the parts apart"
                    )
                yield _samples(frame)


def _samples(frame: Any) -> np.ndarray:
    """A decoded frame's samples, float32 `[samples, channels]` in -1..1."""
    found = frame.to_ndarray()
    found = found.T if frame.format.is_planar else found.reshape(-1, len(frame.layout.channels))
    if found.dtype.kind == "f":
        return found.astype(np.float32, copy=False)
    if found.dtype.kind == "u":
        return (found.astype(np.float32) - 128) / 128
    return found.astype(np.float32) / -float(np.iinfo(found.dtype).min)


def _damaged(path: Path, error: Exception) -> BrokenAudio:
    said = getattr(error, "strerror", None) or str(error)
    reason = (said.splitlines() or [type(error).__name__])[0].removeprefix("Error : ").strip(". ")
    return BrokenAudio(f"{path}: is damaged ({reason}); decode what is whole of it and save that anew")

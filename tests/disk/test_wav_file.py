"""WAV files: what libsndfile writes, whole, or the disk's own error with the file's name."""

import errno
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sedkd.data.clips import write_clip
from sedkd.data.events import Event
from sedkd.disk.wav_file import write_wav
from sedkd.errors import UserError
from sedkd.stream.clips import Clips
from sedkd.stream.detection import Detection
from sedkd.synth.clips import write_clip as write_made

RATE = 16000
SOUND = np.random.default_rng(0).uniform(-0.9, 0.9, 2 * RATE).astype(np.float32)


@pytest.fixture
def _no_room() -> Iterator[None]:
    """No file of this process grows beyond some bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_the_bytes_are_those_of_libsndfile(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "theirs.wav", SOUND, RATE, subtype=subtype)
    write_wav(tmp_path / "ours.wav", SOUND, RATE, subtype)
    ours, theirs = ((tmp_path / f"{name}.wav").read_bytes() for name in ("ours", "theirs"))
    # The header of floats holds the second at which they were written, twelve bytes before the data.
    data = ours.index(b"data")
    assert (ours[: data - 12], ours[data:]) == (theirs[: data - 12], theirs[data:])
    assert subtype == "FLOAT" or ours == theirs


@pytest.mark.usefixtures("_no_room")
def test_a_full_disk_is_the_error_of_a_made_clip(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as caught:
        write_made(tmp_path / "a.wav", SOUND, RATE)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(tmp_path / "a.wav"))
    assert not any(tmp_path.iterdir())


def kept(folder: Path) -> None:
    clips = Clips(folder, RATE, 10**6, ("dog",))
    clips.feed(SOUND)
    clips.write(Detection(Event(0.5, 1.0, "dog"), 0.5))


def cut(folder: Path) -> None:
    write_clip(folder / "0000.500-dog.wav", SOUND, RATE)


@pytest.mark.usefixtures("_no_room")
@pytest.mark.parametrize("write", [kept, cut])
def test_a_full_disk_is_one_line_of_a_kept_clip(tmp_path: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises(UserError, match=r"0000\.500-dog\.wav: cannot be written \(File too large\); name another"):
        write(tmp_path)
    assert not any(tmp_path.iterdir())

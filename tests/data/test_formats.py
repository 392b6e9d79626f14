"""What phones, recorders and cameras write: read with nothing moved in time, or told what to do about it."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from sedkd.data.audio import read_audio
from sedkd.data.datasets.facts import require_material
from sedkd.data.decoding import AUDIO_SUFFIXES, BrokenAudio
from sedkd.data.folders import audio_below, unread_below
from sedkd.data.inspection import audio_info
from sedkd.errors import UserError

RATE, SECONDS = 48000, 3.0
BURST = (1.0, 1.5)  # seconds of a tone in silence
LATE = 0.025  # seconds by which a codec may smear it, or, where no header says how long its delay is (aac), move it


def sound() -> np.ndarray:
    time = np.arange(round(RATE * SECONDS)) / RATE
    return np.where((time >= BURST[0]) & (time < BURST[1]), 0.5 * np.sin(2 * np.pi * 1000 * time), 0).astype(np.float32)


def by_soundfile(path: Path, **how: str) -> None:
    soundfile.write(path, sound(), RATE, **how)


def by_ffmpeg(path: Path, container: str, codec: str, options: dict[str, str] | None = None) -> None:
    with av.open(str(path), "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=RATE, bit_rate=96_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(sound()[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for part in (frame, None):
            file.mux(stream.encode(part))


WRITERS = {
    ".wav": by_soundfile,
    ".flac": by_soundfile,
    ".ogg": by_soundfile,
    ".mp3": by_soundfile,
    ".opus": lambda path: by_soundfile(path, format="OGG", subtype="OPUS"),
    ".aiff": by_soundfile,
    ".aif": lambda path: by_soundfile(path, format="AIFF"),
    ".caf": by_soundfile,
    ".w64": by_soundfile,
    ".m4a": lambda path: by_ffmpeg(path, "ipod", "aac"),
    ".aac": lambda path: by_ffmpeg(path, "adts", "aac"),
}


def test_each_ending_is_written_here() -> None:
    assert set(WRITERS) == set(AUDIO_SUFFIXES)


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_a_burst_is_where_it_was_recorded(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path)
    assert audio_below(tmp_path) == [path]
    assert audio_info(path).duration == pytest.approx(SECONDS, abs=0.1)
    loud = np.abs(read_audio(path, 16000)) > 0.1
    first, last = np.flatnonzero(loud)[[0, -1]] / 16000
    assert (first, last) == pytest.approx(BURST, abs=LATE)


def test_a_cut_off_recording_of_a_phone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    by_ffmpeg(path, "ipod", "aac", {"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(BrokenAudio, match=r"a\.m4a: ends .* s before the length in its header"):
        audio_info(path)


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    for name in ("trap1.mp4", "trap2.MOV", ".hidden.mp4"):
        (tmp_path / name).write_bytes(b"\0" * 100)
    (line,) = unread_below(tmp_path)
    assert "2 files, such as" in line
    assert "trap1.mp4" in line
    assert ".mov, .mp4: save it as FLAC or WAV" in line
    with pytest.raises(UserError, match="2 files, such as"):
        require_material(tmp_path)
    by_soundfile(tmp_path / "a.wav")
    assert unread_below(tmp_path) == [line]

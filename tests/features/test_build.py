"""However recordings are cut and shared out, and however often it is killed: the same bits."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import sedkd.features.build as building
from sedkd.data.audio import read_audio
from sedkd.data.impulse_responses import impulse_responses
from sedkd.data.inspection import audio_info
from sedkd.data.recordings import Recording
from sedkd.errors import UserError
from sedkd.features.logmel import LogMel
from sedkd.features.pack import features_of, frame_count
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def noise(path: Path, seconds: float, rate: int, channels: int = 1) -> Recording:
    rng = np.random.default_rng(int(seconds * 10))
    sound = 0.1 * rng.standard_normal((round(seconds * rate), channels), dtype=np.float32)
    if path.suffix == ".ogg":  # in parts: libvorbis takes no long ones
        with soundfile.SoundFile(path, "w", rate, channels) as file:
            for start in range(0, len(sound), rate):
                file.write(sound[start : start + rate])
    else:
        soundfile.write(path, sound, rate)
    return Recording(path, path.name, "e", audio_info(path).duration)


def plainly(recording: Recording, settings: FeatureSettings) -> np.ndarray:
    """The whole recording's features at once."""
    samples = torch.from_numpy(read_audio(recording.path, settings.rate))
    frames = LogMel(settings)(samples[None])[0].numpy().astype(np.float16)
    return frames[: frame_count(recording.duration, settings)]


@pytest.mark.parametrize("settings", [STUDENT_FEATURES, AUDIOSET_FEATURES])
@pytest.mark.parametrize(
    ("name", "rate", "channels"), [("a.wav", 44100, 2), ("a.wav", 16000, 1), ("a.flac", 32000, 1), ("a.ogg", 48000, 1),
                                   ("a.mp3", 44100, 1), ("a.mp3", 16000, 2)],
)  # fmt: skip
def test_pieces_of_a_long_recording_join_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: FeatureSettings, name: str, rate: int, channels: int
) -> None:
    monkeypatch.setattr(building, "PIECE_SECONDS", 3.0)
    long = noise(tmp_path / name, 10.13, rate, channels)
    told: list[tuple[int, int]] = []
    pack = features_of([long], settings, lambda *now: told.append(now))
    np.testing.assert_array_equal(pack.frames, plainly(long, settings))
    assert told[-1] == ((1, 1) if name.endswith("mp3") else (4, 4))


def test_pieces_heard_through_a_response_join_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PIECE_SECONDS", 3.0)
    long, room = noise(tmp_path / "a.wav", 10.13, 44100), tmp_path / "room"
    room.mkdir()
    decay = np.random.default_rng(1).standard_normal(24000) * np.exp(-np.arange(24000) / 4000)  # of 1.5 s
    soundfile.write(room / "hall.wav", decay / np.abs(decay).max(), 16000)
    (response,) = responses = impulse_responses(room)
    found = features_of([long], STUDENT_FEATURES, responses=responses).frames
    samples = torch.from_numpy(response.heard(read_audio(long.path, 16000), 16000))
    expected = LogMel(STUDENT_FEATURES)(samples[None])[0].numpy()
    assert found.shape == (506, 64)
    np.testing.assert_allclose(found, expected[:506], atol=0.01)  # half precision
    assert np.abs(found - plainly(long, STUDENT_FEATURES)).max() > 0.5


def test_workers_make_the_same(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = [noise(tmp_path / f"{i}.wav", 1.0 + i / 10, 16000) for i in range(6)]
    alone = np.array(features_of(recordings, STUDENT_FEATURES).frames)
    for file in (own_cache / "features").iterdir():
        file.unlink()
    monkeypatch.setattr("sedkd.parallel.cores", lambda: 2)
    monkeypatch.setattr(building, "BATCH_SECONDS", 2.0)
    monkeypatch.setattr(building, "START_SECONDS", 0.0)
    monkeypatch.setattr(building, "read_audio", None)  # here, not in the workers
    told: list[tuple[int, int]] = []
    np.testing.assert_array_equal(
        features_of(recordings, STUDENT_FEATURES, lambda *now: told.append(now)).frames, alone
    )
    assert told == [(i + 1, 6) for i in range(6)]


def test_a_killed_process_is_followed_by_one_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = [noise(tmp_path / f"{i}.wav", 1.0 + i / 10, 16000) for i in range(5)]
    script = f"""
import os, signal
from pathlib import Path
import sedkd.features.build as building
from sedkd.data.inspection import audio_info
from sedkd.data.recordings import Recording
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.features.pack import features_of
building.BATCH_SECONDS = 0.5
paths = sorted(Path({str(tmp_path)!r}).glob("*.wav"))
recordings = [Recording(path, path.name, "e", audio_info(path).duration) for path in paths]
features_of(recordings, STUDENT_FEATURES, lambda done, total: done < 3 or os.kill(os.getpid(), signal.SIGKILL))
"""
    assert subprocess.run([sys.executable, "-c", script], env=dict(os.environ)).returncode == -signal.SIGKILL
    read: list[str] = []
    monkeypatch.setattr(building, "read_audio", lambda path, rate: read.append(path.name) or read_audio(path, rate))
    pack = features_of(recordings, STUDENT_FEATURES)
    assert read == ["3.wav", "4.wav"]
    for i, recording in enumerate(recordings):
        np.testing.assert_array_equal(pack.of(i), plainly(recording, STUDENT_FEATURES))


@pytest.mark.parametrize("harm", ["gone", "short", "other"])
def test_unfinished_rows_that_are_not_what_they_should_be_are_made_anew(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setattr(building, "BATCH_SECONDS", 0.5)
    recordings = [noise(tmp_path / f"{i}.wav", 1.0 + i / 10, 16000) for i in range(2)]

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features_of(recordings, STUDENT_FEATURES, stop)
    (rows,) = (own_cache / "unfinished").glob("*/rows.npy")
    if harm == "gone":
        rows.unlink()
    elif harm == "short":
        rows.write_bytes(rows.read_bytes()[:1000])
    else:
        np.save(rows, np.zeros((3, 64), np.float16))
    pack = features_of(recordings, STUDENT_FEATURES)
    np.testing.assert_array_equal(pack.of(0), plainly(recordings[0], STUDENT_FEATURES))


def test_a_long_recording_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PIECE_SECONDS", 1.0)
    long = noise(tmp_path / "a.flac", 4.0, 16000)
    content = long.path.read_bytes()
    long.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"a\.flac: .*--skip-bad") as error:
        features_of([long], STUDENT_FEATURES)
    assert "\n" not in str(error.value)

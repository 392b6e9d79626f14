"""Feature packs: computed once, named by what they are made of, never half there."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny import tone

import sedkd.features.build as building
from sedkd.data.audio import read_audio
from sedkd.data.inspection import audio_info
from sedkd.data.recordings import Recording
from sedkd.errors import UserError
from sedkd.features.logmel import LogMel
from sedkd.features.pack import features_of, frame_count, pack_key
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def recording(path: Path, seconds: float = 1.0, hertz: float = 440.0, rate: int = 16000) -> Recording:
    soundfile.write(path, tone(seconds, hertz, rate), rate)
    return Recording(path, path.name, "e", audio_info(path).duration)


@pytest.fixture
def recordings(tmp_path: Path) -> list[Recording]:
    return [recording(tmp_path / "a.wav"), recording(tmp_path / "b.wav", 0.5, 900.0)]


def refuse(*_: object) -> None:
    raise AssertionError("computed again")


def test_rows_are_the_recordings_features(own_cache: Path, recordings: list[Recording]) -> None:
    told: list[tuple[int, int]] = []
    pack = features_of(recordings, STUDENT_FEATURES, lambda *now: told.append(now))
    assert told == [(1, 2), (2, 2)]
    assert len(pack) == 2
    assert pack.starts.tolist() == [0, 50, 75]
    assert pack.frames.dtype == np.float16
    for i, one in enumerate(recordings):
        expected = LogMel(STUDENT_FEATURES)(torch.from_numpy(read_audio(one.path, 16000))[None])[0].numpy()
        np.testing.assert_allclose(pack.of(i), expected, rtol=1e-3)


def test_the_second_call_reads(own_cache: Path, recordings: list[Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    first = features_of(recordings, STUDENT_FEATURES)
    monkeypatch.setattr(building, "read_audio", refuse)
    second = features_of(recordings, STUDENT_FEATURES)
    np.testing.assert_array_equal(first.frames, second.frames)
    assert isinstance(second.frames, np.memmap)
    assert second.frames.mode == "r"
    with pytest.raises(ValueError, match="read-only"):
        second.frames[0, 0] = 0
    assert sorted(p.suffix for p in own_cache.iterdir()) == [".json", ".npy"]


def test_the_key_is_of_content_order_and_settings(own_cache: Path, recordings: list[Recording]) -> None:
    key = pack_key(recordings, STUDENT_FEATURES)
    keys = {key, pack_key(recordings[::-1], STUDENT_FEATURES), pack_key(recordings[:1], STUDENT_FEATURES)}
    keys |= {pack_key(recordings, AUDIOSET_FEATURES), pack_key(recordings, replace(STUDENT_FEATURES, offset=1e-5))}
    assert len(keys) == 5
    moved = recordings[0].path.rename(recordings[0].path.with_name("c.wav"))
    assert pack_key([replace(recordings[0], path=moved), recordings[1]], STUDENT_FEATURES) == key
    recording(moved, hertz=441.0)
    assert pack_key([replace(recordings[0], path=moved), recordings[1]], STUDENT_FEATURES) != key


def test_altered_audio_is_computed_anew(own_cache: Path, recordings: list[Recording]) -> None:
    before = features_of(recordings, STUDENT_FEATURES)
    recordings[0] = recording(recordings[0].path, hertz=3000.0)
    after = features_of(recordings, STUDENT_FEATURES)
    assert before.key != after.key
    assert np.abs(after.of(0).astype(float) - before.of(0)).max() > 1
    recordings[0].path.unlink()
    with pytest.raises(UserError, match=r"a\.wav"):
        features_of(recordings, STUDENT_FEATURES)


def test_an_interrupted_pack_is_taken_up_where_it_stopped(
    own_cache: Path, recordings: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "BATCH_SECONDS", 0.1)  # each recording is noted down by itself
    with pytest.raises(KeyboardInterrupt):
        features_of(recordings, STUDENT_FEATURES, stop)
    assert not own_cache.exists()  # what is unfinished is elsewhere, and nobody takes it for a pack
    read: list[Path] = []
    monkeypatch.setattr(building, "read_audio", lambda path, rate: read.append(path) or read_audio(path, rate))
    resumed = np.array(features_of(recordings, STUDENT_FEATURES).frames)
    assert read == [recordings[1].path]
    for file in own_cache.iterdir():
        file.unlink()
    np.testing.assert_array_equal(features_of(recordings, STUDENT_FEATURES).frames, resumed)
    assert len(read) == 3
    assert not [path for path in (own_cache.parent / "unfinished").iterdir() if path.is_dir()]


def test_a_half_removed_pack_is_made_again(own_cache: Path, recordings: list[Recording]) -> None:
    before = np.array(features_of(recordings, STUDENT_FEATURES).frames)
    for suffix in (".npy", ".json"):
        (found,) = own_cache.glob(f"*{suffix}")
        found.unlink()
        np.testing.assert_array_equal(features_of(recordings, STUDENT_FEATURES).frames, before)


@pytest.mark.parametrize("settings", [STUDENT_FEATURES, AUDIOSET_FEATURES])
@pytest.mark.parametrize("samples", [1, 100, 319, 320, 400, 513])
def test_very_short_files(own_cache: Path, tmp_path: Path, settings, samples: int) -> None:
    path = tmp_path / "s.wav"
    soundfile.write(path, tone(1.0)[:samples], 16000)
    short = Recording(path, "s.wav", "e", audio_info(path).duration)
    pack = features_of([short], settings)
    wanted = int(np.ceil(samples * settings.rate / 16000)) // settings.hop
    assert pack.starts.tolist() == [0, max(wanted, 1)]
    assert np.isfinite(pack.frames.astype(float)).all()


def test_a_file_shorter_than_its_header_repeats_its_last_frame(own_cache: Path, recordings: list[Recording]) -> None:
    whole = np.array(features_of(recordings[:1], STUDENT_FEATURES).frames)
    (own_cache.parent / "features").rename(own_cache.parent / "old")
    pack = features_of([replace(recordings[0], duration=1.1)], STUDENT_FEATURES)
    assert pack.starts.tolist() == [0, 55]
    np.testing.assert_array_equal(pack.frames[:50], whole)
    np.testing.assert_array_equal(pack.frames[50:], np.repeat(whole[-1:], 5, 0))


@pytest.mark.parametrize(("rate", "frames"), [(44100, 44100 * 2), (22050, 22051), (48000, 12345), (11025, 11024)])
def test_frame_count_after_resampling(tmp_path: Path, rate: int, frames: int) -> None:
    path = tmp_path / "r.wav"
    soundfile.write(path, np.zeros(frames, np.float32), rate)
    for settings in (STUDENT_FEATURES, AUDIOSET_FEATURES):
        samples = len(read_audio(path, settings.rate))
        assert frame_count(audio_info(path).duration, settings) == samples // settings.hop


def test_two_threads_make_the_same_pack(own_cache: Path, recordings: list[Recording]) -> None:
    meeting, packs = threading.Barrier(2, timeout=20), []

    def work() -> None:
        meet = iter([True])
        packs.append(features_of(recordings, STUDENT_FEATURES, lambda *_: next(meet, False) and meeting.wait()))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(packs) == 2  # both were amidst their first file at once, and both came through
    np.testing.assert_array_equal(packs[0].frames, packs[1].frames)
    assert len(list(own_cache.iterdir())) == 2

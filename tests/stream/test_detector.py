"""What a stream tells is what scoring says of the whole file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from exported import RATE, noise

from sedkd.data.audio import read_audio
from sedkd.errors import UserError
from sedkd.export.reading import FACTS
from sedkd.stream.decisions import Told
from sedkd.stream.detect import detect
from sedkd.stream.detection import Detection
from sedkd.stream.detector import StreamDetector, detect_streamed
from sedkd.stream.network import StreamNetwork


@pytest.fixture
def network(causal_export: Path) -> StreamNetwork:
    return StreamNetwork(causal_export)


def streamed(network: StreamNetwork, sound: np.ndarray, rate: int, seed: int) -> list[Told]:
    detector, told, start = StreamDetector(network, rate), [], 0
    rng = np.random.default_rng(seed)
    while start < len(sound):
        size = int(rng.integers(1, rate))
        told += detector.feed(sound[start : start + size])
        start += size
    told += detector.finish()
    assert detector.seconds == len(sound) / rate
    return sorted(each for each in told if isinstance(each, Detection))


def assert_alike(found: list[Detection], expected: list[Detection]) -> None:
    assert [each.event for each in found] == [each.event for each in expected]
    np.testing.assert_allclose([each.confidence for each in found], [each.confidence for each in expected], atol=1e-5)


@pytest.mark.parametrize("seconds", [0.01, 0.3, 9.93])
def test_as_the_file_is_detected_within_one_window(network: StreamNetwork, tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(seconds), RATE)
    found = detect_streamed(network, path)
    assert_alike(found, streamed(network, read_audio(path, RATE), RATE, 0))
    if seconds > 0.02:  # of less than a hop a file has a frame, a stream none
        assert_alike(found, detect(network.bundle, path))


def test_real_audio(network: StreamNetwork, shared: Path) -> None:
    events = 0
    for number, path in enumerate(sorted((shared / "data" / "esc10").glob("*/*.ogg"))[::80]):
        found = detect_streamed(network, path)
        sound, rate = soundfile.read(path, dtype="float32")
        assert_alike(found, streamed(network, sound, rate, number))
        assert_alike(found, detect(network.bundle, path))
        events += len(found)
    assert events > 5


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (8000, 1)])
def test_other_rates(network: StreamNetwork, tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(12.3, rate, channels), rate)
    found = detect_streamed(network, path)
    assert len(found) > 3
    assert_alike(found, streamed(network, soundfile.read(path, dtype="float32", always_2d=True)[0].mean(1), rate, 1))


def test_longer_than_a_window(network: StreamNetwork, tmp_path: Path) -> None:
    """Windows of a file see its past cut off; a stream does not, and hears what the student hears of the whole."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(25.0), RATE)
    assert_alike(detect_streamed(network, path), streamed(network, read_audio(path, RATE), RATE, 2))


def test_delay(network: StreamNetwork) -> None:
    """160 ms of look-ahead and an answer of 80 ms; a filter of 5 answers."""
    assert StreamDetector(network).delay_seconds == pytest.approx(0.16 + 0.08 + 2 * 0.08)


def test_a_student_of_whole_recordings_is_refused(causal_export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.copytree(causal_export, folder)
    facts = json.loads((folder / FACTS).read_text())
    del facts["stream"]
    (folder / FACTS).write_text(json.dumps(facts))
    with pytest.raises(UserError, match="search with --lookahead"):
        StreamNetwork(folder)

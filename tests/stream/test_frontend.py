"""A stream's frames are those of the whole signal, however it is cut into pieces."""

import itertools
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sedkd.data.audio import read_audio
from sedkd.features.logmel import LogMel
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.stream.frontend import StreamFrontend
from sedkd.synth.builtin import render_clip

OVERLAPPING = replace(STUDENT_FEATURES, hop=100, window=400)  # its last frames wait for the end


def whole(samples: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    return LogMel(settings).double()(torch.from_numpy(samples).double()[None])[0].numpy()


def streamed(samples: np.ndarray, settings: FeatureSettings, sizes: "itertools.cycle[int]") -> np.ndarray:
    frontend, frames, start = StreamFrontend(settings), [], 0
    while start < len(samples):
        size = next(sizes)
        frames.append(frontend.feed(samples[start : start + size]))
        start += size
    frames.append(frontend.finish())
    assert frontend.samples == len(samples)
    return np.concatenate(frames)


@pytest.mark.parametrize("settings", [STUDENT_FEATURES, OVERLAPPING])
@pytest.mark.parametrize("samples", [512, 513, 639, 640, 641, 16000, 54321])
@pytest.mark.parametrize("sizes", [(1,), (320,), (0, 7, 1000), (10**6,)])
def test_lengths_and_pieces(settings: FeatureSettings, samples: int, sizes: tuple[int, ...]) -> None:
    if sizes == (1,) and samples > 1000:
        samples = 2000
    sound = 0.1 * np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    found = streamed(sound, settings, itertools.cycle(sizes))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole(sound, settings), atol=1e-5)


def _random_pieces(sound: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = itertools.cycle(np.exp(rng.uniform(0, np.log(20000), 50)).astype(int).tolist())
    for settings in (STUDENT_FEATURES, OVERLAPPING):
        np.testing.assert_allclose(streamed(sound, settings, sizes), whole(sound, settings), atol=1e-5)


def test_random_pieces_of_built_in_sounds() -> None:
    for number in range(3):
        _random_pieces(render_clip("street", "validation", number).audio, number)


def test_random_pieces_of_real_audio(shared: Path) -> None:
    files = sorted((shared / "data" / "esc10").glob("*/*.ogg"))[::50]
    assert files
    for number, path in enumerate(files):
        _random_pieces(read_audio(path, 16000), number)


@pytest.mark.parametrize("samples", [0, 1, 200, 257, 319, 320, 400])
def test_a_signal_shorter_than_a_spectrum(samples: int) -> None:
    """As an export hears it: padded with zeros, and as many frames as there are hops."""
    sound = 0.1 * np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    expected = whole(np.pad(sound, (0, 512 - samples)), STUDENT_FEATURES)[: samples // 320]
    np.testing.assert_allclose(streamed(sound, STUDENT_FEATURES, itertools.cycle([3])), expected, atol=1e-5)


def test_each_frame_as_soon_as_its_samples_are_there() -> None:
    frontend = StreamFrontend(STUDENT_FEATURES)
    counts = [len(frontend.feed(np.zeros(1, np.float32))) for _ in range(1000)]
    assert np.flatnonzero(counts).tolist() == [319, 639, 959]


def test_memory_is_constant() -> None:
    frontend, piece = StreamFrontend(STUDENT_FEATURES), np.zeros(1600, np.float32)
    frontend.feed(piece)
    tracemalloc.start()
    for _ in range(600):
        frontend.feed(piece)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 50_000
    assert peak < 500_000  # a minute is 7.7 MB in doubles


def test_refuses_what_it_cannot_stream() -> None:
    with pytest.raises(ValueError, match="pre-emphasis"):
        StreamFrontend(AUDIOSET_FEATURES)
    with pytest.raises(ValueError, match="mono"):
        StreamFrontend(STUDENT_FEATURES).feed(np.zeros((10, 2), np.float32))

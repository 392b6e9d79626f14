"""A front end written from a card's words alone hears what the student learnt on."""

import re

import numpy as np
import pytest

from sedkd.export.stream_card import front_end_words
from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings
from sedkd.stream.frontend import StreamFrontend

NUMBERS = re.compile(
    r"sound at (?P<rate>\d+) Hz.* of the (?P<n_fft>\d+) samples from (?P<hop>\d+) i - (?P<before>\d+) on.*"
    r"cos\(2 pi k / (?P<window>\d+)\).*\(of (?P<bin>[\d.]+) Hz\).* by (?P<bands>\d+) triangles.* between "
    r"(?P<low>\d+) and (?P<high>\d+) Hz.*log\(sum \+ (?P<offset>[-\de.]+)\)"
)


def as_the_words_say(words: str, samples: np.ndarray) -> np.ndarray:
    """Log-mel `[frames, bands]` of `samples`, band by band."""
    found = NUMBERS.search(words)
    assert found
    value = {name: float(number) for name, number in found.groupdict().items()}
    n_fft, hop, before, bands = (int(value[name]) for name in ("n_fft", "hop", "before", "bands"))
    mel = np.linspace(*(2595 * np.log10(1 + value[edge] / 700) for edge in ("low", "high")), bands + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    frequency = value["bin"] * np.arange(n_fft // 2 + 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / value["window"])
    last = len(samples) - 1
    frames = []
    for i in range(len(samples) // hop):
        places = np.abs(np.arange(hop * i - before, hop * i - before + n_fft))
        span = samples[np.where(places > last, 2 * last - places, places)]
        power = np.abs(np.fft.rfft(span * window)) ** 2
        sums = [power @ np.interp(frequency, corners[b : b + 3], [0, 1, 0]) for b in range(bands)]
        frames.append(np.log(np.array(sums) + value["offset"]))
    return np.array(frames)


@pytest.mark.parametrize("features", [STUDENT_FEATURES, FeatureSettings(n_mels=24, hop=640)])
def test_front_end_of_the_words(features: FeatureSettings) -> None:
    samples = np.random.default_rng(3).normal(0, 0.1, 5000)
    told = as_the_words_say(front_end_words(features), samples)
    frontend = StreamFrontend(features)
    heard = np.concatenate([frontend.feed(samples.astype(np.float32)), frontend.finish()])
    np.testing.assert_allclose(told, heard, atol=1e-3)

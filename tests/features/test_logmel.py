"""The two front ends, against computations of their own."""

import numpy as np
import pytest
import torch
from tiny import tone

from sedkd.features.logmel import LogMel
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings


def features(samples: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    return LogMel(settings)(torch.from_numpy(samples)[None])[0].numpy()


@pytest.mark.parametrize("settings", [STUDENT_FEATURES, AUDIOSET_FEATURES])
@pytest.mark.parametrize("samples", [1024, 1599, 1600, 1601, 16000, 31999])
def test_frame_count(settings: FeatureSettings, samples: int) -> None:
    found = LogMel(settings)(torch.zeros(2, samples))
    assert found.shape == (2, samples // settings.hop, settings.n_mels)


def test_frame_seconds() -> None:
    assert STUDENT_FEATURES.frame_seconds == pytest.approx(0.02)
    assert AUDIOSET_FEATURES.frame_seconds == pytest.approx(0.01)


def htk_bands(settings: FeatureSettings, scale: float, base: float) -> np.ndarray:
    """Band edges `[n_mels + 2]` in Hz of `scale * log(1 + f / base)`."""
    low, high = (scale * np.log(1 + f / base) for f in (settings.f_min, settings.f_max))
    return base * (np.exp(np.linspace(low, high, settings.n_mels + 2) / scale) - 1)


@pytest.mark.parametrize("settings", [STUDENT_FEATURES, AUDIOSET_FEATURES])
@pytest.mark.parametrize("hertz", [400.0, 1000.0, 4000.0, 7000.0])
def test_a_tone_lies_in_its_band(settings: FeatureSettings, hertz: float) -> None:
    found = features(tone(1.0, hertz, settings.rate), settings)
    edges = htk_bands(settings, 2595 / np.log(10), 700)
    best = np.bincount(found[5:-5].argmax(1)).argmax()
    bin_width = settings.rate / settings.n_fft
    assert edges[best] - bin_width <= hertz <= edges[best + 2] + bin_width


def test_student_features_against_numpy() -> None:
    s = STUDENT_FEATURES
    samples = np.random.default_rng(0).standard_normal(8000).astype(np.float32) * 0.1
    edges = htk_bands(s, 2595 / np.log(10), 700)
    bins = np.arange(s.n_fft // 2 + 1) * s.rate / s.n_fft
    rise = (bins[:, None] - edges[None, :-2]) / np.diff(edges)[:-1]
    fall = (edges[None, 2:] - bins[:, None]) / np.diff(edges)[1:]
    mel = spectrogram(samples, s, periodic=True) @ np.clip(np.minimum(rise, fall), 0, None)
    np.testing.assert_allclose(features(samples, s), np.log(mel + 1e-6)[: 8000 // 320], atol=2e-3)


def test_kaldi_features_against_numpy() -> None:
    """EfficientAT's front end, from its paper's description: nothing here is shared with the code under test."""
    s = AUDIOSET_FEATURES
    samples = np.random.default_rng(0).standard_normal(16000).astype(np.float32) * 0.1
    emphasised = samples[1:] - 0.97 * samples[:-1]

    def mel_of(hertz: np.ndarray) -> np.ndarray:
        return 1127.0 * np.log(1 + hertz / 700.0)

    low, high = mel_of(np.array([0.0, 15000.0]))
    step = (high - low) / (s.n_mels + 1)
    centre = low + step * (np.arange(s.n_mels) + 1)
    position = mel_of(np.arange(s.n_fft // 2) * 32000 / s.n_fft)[:, None]
    banks = np.clip(1 - np.abs(position - centre) / step, 0, None)  # triangles in mel, as Kaldi has them
    mel = spectrogram(emphasised, s, periodic=False)[:, :-1] @ banks  # Kaldi leaves the last bin out
    expected = (np.log(mel + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(features(samples, s), expected[: 16000 // 320], atol=2e-3)


def spectrogram(samples: np.ndarray, s: FeatureSettings, periodic: bool) -> np.ndarray:
    """Power `[frames, n_fft // 2 + 1]`: frames centred every hop, the window in the middle of n_fft."""
    turns = np.arange(s.window) / (s.window if periodic else s.window - 1)
    window = np.zeros(s.n_fft)
    left = (s.n_fft - s.window) // 2
    window[left : left + s.window] = 0.5 - 0.5 * np.cos(2 * np.pi * turns)
    padded = np.pad(samples.astype(np.float64), s.n_fft // 2, mode="reflect")
    starts = range(0, len(samples) + 1, s.hop)
    return np.stack([np.abs(np.fft.rfft(padded[i : i + s.n_fft] * window)) ** 2 for i in starts])


def test_louder_is_shifted() -> None:
    """Twice the amplitude is log 4 more power, divided by the scale."""
    for settings in (STUDENT_FEATURES, AUDIOSET_FEATURES):
        samples = 30 * np.random.default_rng(1).standard_normal(settings.rate).astype(np.float32)
        gap = features(2 * samples, settings) - features(samples, settings)
        np.testing.assert_allclose(gap, np.log(4) / settings.scale, atol=0.01)


def test_silence_is_the_floor() -> None:
    found = features(np.zeros(16000, np.float32), STUDENT_FEATURES)
    np.testing.assert_allclose(found, np.log(1e-6), rtol=1e-5)
    found = features(np.zeros(32000, np.float32), AUDIOSET_FEATURES)
    np.testing.assert_allclose(found, (np.log(1e-5) + 4.5) / 5, rtol=1e-5)


def test_the_weights_hold_no_features() -> None:
    assert not LogMel(STUDENT_FEATURES).state_dict()

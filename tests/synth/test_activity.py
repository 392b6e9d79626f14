import numpy as np
import pytest

from sedkd.synth.activity import active_regions

RATE = 16_000


def _noise(seconds: float, level: float) -> np.ndarray:
    rng = np.random.default_rng(int(seconds * 1000))
    return (level * rng.standard_normal(int(seconds * RATE))).astype(np.float32)


def _seconds(sound: np.ndarray) -> list[tuple[float, float]]:
    return [(start / RATE, end / RATE) for start, end in active_regions(sound, RATE)]


def test_two_bursts_over_a_floor() -> None:
    sound = np.concatenate(
        [_noise(part, level) for part, level in [(1, 1e-3), (0.5, 0.2), (1.2, 1e-3), (0.8, 0.1), (1.5, 1e-3)]]
    )
    (first, second) = _seconds(sound)
    assert first == pytest.approx((1.0, 1.5), abs=0.03)
    assert second == pytest.approx((2.7, 3.5), abs=0.03)


def test_a_burst_between_digital_silence() -> None:
    sound = np.concatenate([_noise(0.1, 0), _noise(0.1, 0.5), _noise(4.8, 0)])
    (region,) = _seconds(sound)
    assert region == pytest.approx((0.1, 0.2), abs=0.03)


def test_a_short_click_in_a_long_recording_is_found() -> None:
    sound = np.concatenate([_noise(3, 1e-3), _noise(0.1, 0.5), _noise(3.5, 1e-3)])
    (region,) = _seconds(sound)
    assert region == pytest.approx((3.0, 3.1), abs=0.03)


def test_what_is_active_throughout_is_one_region() -> None:
    sound = _noise(5, 0.1) * (1 + 0.5 * np.sin(np.arange(5 * RATE) / RATE))
    assert active_regions(sound, RATE) == [(0, 5 * RATE)]


def test_short_pauses_do_not_part_a_region() -> None:
    sound = np.concatenate([_noise(1, 1e-3), _noise(0.4, 0.2), _noise(0.1, 1e-3), _noise(0.4, 0.2), _noise(1, 1e-3)])
    assert len(active_regions(sound, RATE)) == 1


def test_silence_has_no_region_and_a_very_short_sound_one() -> None:
    assert active_regions(np.zeros(RATE, dtype=np.float32), RATE) == []
    assert active_regions(np.zeros(0, dtype=np.float32), RATE) == []
    assert active_regions(np.ones(10, dtype=np.float32), RATE) == [(0, 10)]

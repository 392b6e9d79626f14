"""A stream at another rate is the whole signal at that rate, however it is cut into pieces."""

import numpy as np
import pytest
from exported import noise

from sedkd.data.resampling import resampled
from sedkd.stream.resampler import StreamResampler


@pytest.mark.parametrize(
    ("old", "new"), [(44100, 16000), (48000, 16000), (8000, 16000), (16000, 16000), (47999, 16000)]
)
@pytest.mark.parametrize("seconds", [0.0, 0.01, 2.3457])
def test_pieces_join_without_a_trace(old: int, new: int, seconds: float) -> None:
    sound, resampler, found, start = noise(seconds, old)[:, 0], StreamResampler(old, new), [], 0
    rng = np.random.default_rng(old)
    while start < len(sound):
        size = int(rng.integers(1, old // 5))
        found.append(resampler.feed(sound[start : start + size]))
        start += size
    found.append(resampler.finish())
    expected = resampled(sound, old, new) if len(sound) else sound
    assert np.concatenate(found).shape == expected.shape
    np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-6)


def test_it_holds_no_more_than_its_margins() -> None:
    resampler = StreamResampler(44100, 16000)
    for _ in range(50):
        resampler.feed(noise(0.1, 44100)[:, 0])
    assert len(resampler._held) < 0.2 * 44100

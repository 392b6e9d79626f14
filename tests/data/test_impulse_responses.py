"""Impulse responses: which are taken, and what is heard through them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sedkd.data.impulse_responses import ImpulseResponse, impulse_responses, response_for
from sedkd.errors import UserError

RATE = 16000


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples.astype(np.float32), rate, subtype="FLOAT")
    return path


def echo(delay: int, gain: float, before: int = 0) -> np.ndarray:
    """The direct sound after `before` samples, and an echo."""
    taps = np.zeros(before + delay + 1)
    taps[before], taps[-1] = 1.0, gain
    return taps


def test_what_is_heard_through_an_echo(tmp_path: Path) -> None:
    write(tmp_path / "room.wav", echo(100, 0.5, before=30))
    (response,) = impulse_responses(tmp_path)
    sound = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    expected = sound.copy()
    expected[100:] += 0.5 * sound[:-100]
    found = response.heard(sound, RATE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected / np.sqrt(1.25), atol=1e-5)  # where it was, as loud as it was


def test_it_is_resampled_to_the_rate_at_which_it_is_used(tmp_path: Path) -> None:
    write(tmp_path / "mic.wav", echo(4410, 0.5), 44100)
    (response,) = impulse_responses(tmp_path)
    taps = np.abs(response.taps(RATE))
    assert len(taps) == pytest.approx(0.1 * RATE, abs=2)
    assert set(np.argsort(taps)[-2:]) == {0, 1600}


def test_every_recording_is_heard_through_one_of_them_always_the_same() -> None:
    several = [ImpulseResponse(Path(name), name) for name in "abc"]
    found = [response_for(str(number), several) for number in range(300)]
    assert found == [response_for(str(number), several) for number in range(300)]
    assert all(60 < found.count(one) < 140 for one in several)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such folder"),
        ([], "no audio file is there"),
        ([np.zeros(100)], "is silent"),
        ([np.ones(11 * RATE)], "lasts 11.0 s; an impulse response lasts 10 s at most"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(tmp_path: Path, content: list | None, said: str) -> None:
    folder = tmp_path / "responses"
    if content is not None:
        folder.mkdir()
        for number, samples in enumerate(content):
            write(folder / f"{number}.wav", samples)
    with pytest.raises(UserError, match=said) as caught:
        impulse_responses(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)

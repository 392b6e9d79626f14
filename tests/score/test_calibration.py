"""What probabilities are worth: counted by hand, and for probabilities that are what they say."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.calibration import BINS, calibration_of
from sedkd.score.postprocess import Answers


def answers_of(tracks: list[list[list[float]]], truth: list[list[Event]]) -> Answers:
    """Probabilities `[frames, labels]` per recording, in frames of 0.1 s, of the labels a and b."""
    names = [f"{number}.wav" for number in range(len(tracks))]
    frames = [np.array(track, np.float32) for track in tracks]
    return Answers(frames, names, [0.1 * len(track) for track in tracks], truth, ("a", "b"), 0.1)


def test_by_hand() -> None:
    # Frames 1 and 2 of the first recording are covered by half or more, frame 3 by less.
    first = [[0.0, 0.0], [0.95, 0.0], [0.85, 0.0], [0.95, 0.0]]
    second = [[1.0, 0.0], [0.05, 0.0]]
    truth = [[Event(0.15 - 1e-9, 0.34, "a"), Event(0, 0.4, "other")], []]
    found = calibration_of(answers_of([first, second], truth))
    assert found["a"].frames == [2, 0, 0, 0, 0, 0, 0, 0, 1, 3]
    assert found["a"].active == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    low, high, highest = found["a"].points
    assert low == (pytest.approx(0.025), 0, 2)
    assert high == (pytest.approx(0.85), 1, 1)
    assert highest == (pytest.approx(2.9 / 3), pytest.approx(1 / 3), 3)
    assert found["a"].error == pytest.approx((2 * 0.025 + 0.15 + 1.9) / 6)
    assert found["a"].occurs
    assert not found["b"].occurs
    assert found["b"].frames == [6, *[0] * (BINS - 1)]


def test_probabilities_that_are_what_they_say_and_ones_that_are_too_sure() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(20_000)
    events = [Event(0.1 * i, 0.1 * (i + 1), "a") for i in np.flatnonzero(rng.random(20_000) < probability)]
    sure = np.where(probability > 0.5, 1 - (1 - probability) / 4, probability / 4)
    honest, eager = (
        calibration_of(answers_of([np.stack([p, p], axis=1).tolist()], [events]))["a"] for p in (probability, sure)
    )
    assert honest.error < 0.02
    assert eager.error > 0.1

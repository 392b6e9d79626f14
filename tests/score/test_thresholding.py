import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.thresholding import decode, operating_points, smooth


def test_decode_by_hand() -> None:
    probability = np.array([[0.9, 0.1], [0.5, 0.6], [0.2, 0.6], [0.7, 0.1], [0.8, 0.7]])
    assert decode(probability, 0.5, ["car", "dog"], [0.5, 0.6], [1, 1], duration=2.2) == [
        Event(0.0, 1.0, "car"),
        Event(0.5, 1.5, "dog"),
        Event(1.5, 2.2, "car"),
        Event(2.0, 2.2, "dog"),
    ]


def test_median_fills_gaps_and_drops_spikes_per_class() -> None:
    gap = np.array([0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0], dtype=np.float32)
    probability = np.stack([gap, gap], axis=1)
    assert decode(probability, 1.0, ["smoothed", "raw"], [0.5, 0.5], [3, 1], duration=12.0) == [
        Event(1.0, 3.0, "raw"),
        Event(1.0, 6.0, "smoothed"),
        Event(4.0, 6.0, "raw"),
        Event(10.0, 11.0, "raw"),
    ]


def naive_decode(probability, step, labels, thresholds, medians, duration):
    events = []
    frames, classes = probability.shape
    for c in range(classes):
        half = medians[c] // 2
        active = [
            np.median([probability[min(max(t + d, 0), frames - 1), c] for d in range(-half, half + 1)]) >= thresholds[c]
            for t in range(frames)
        ]
        start = None
        for t in range(frames + 1):
            on = t < frames and active[t]
            if on and start is None:
                start = t
            if not on and start is not None:
                if start * step < duration:
                    events.append(Event(start * step, min(t * step, duration), labels[c]))
                start = None
    return sorted(events)


def test_decode_agrees_with_loops() -> None:
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        frames, classes = int(generator.integers(1, 30)), int(generator.integers(1, 5))
        # Few distinct values, so that equality with the threshold happens; medians longer than the clip as well.
        probability = generator.integers(0, 5, (frames, classes)) / 4
        thresholds = generator.integers(0, 5, classes) / 4
        medians = 2 * generator.integers(0, 20, classes) + 1
        labels = [f"class{c}" for c in range(classes)]
        arguments = (probability, 0.064, labels, thresholds, medians, float(generator.uniform(0.01, 2.0)))
        events = decode(*arguments)
        assert events == naive_decode(*arguments)
        found += len(events)
    assert found > 100


def test_decode_ends_are_open_and_empty_input_is_fine() -> None:
    always = np.ones((4, 1))
    assert decode(always, 0.25, ["car"], [1.0], [5], duration=9.0) == [Event(0.0, 1.0, "car")]
    assert decode(always, 0.25, ["car"], [1.01], [1], duration=9.0) == []
    assert decode(np.zeros((0, 1)), 0.25, ["car"], [0.5], [3], duration=9.0) == []


def test_operating_points_equal_decode_at_each_threshold() -> None:
    generator = np.random.default_rng(1)
    labels, thresholds = ["car", "dog", "bell"], [0.2, 0.5, 0.9]
    probabilities = {f"{i}.wav": generator.random((20 + i, 3)) for i in range(4)}
    points = operating_points(probabilities, 0.5, labels, thresholds)
    assert list(points) == thresholds
    for threshold, annotations in points.items():
        assert annotations.keys() == probabilities.keys()
        for filename, events in annotations.items():
            expected = decode(probabilities[filename], 0.5, labels, [threshold] * 3, [1] * 3, duration=1e9)
            assert sorted(events) == expected
            assert expected


def test_smoothing_first_is_smoothing_inside() -> None:
    probability = np.random.default_rng(2).random((50, 2))
    medians = [5, 3]
    points = operating_points({"a.wav": smooth(probability, medians)}, 1.0, ["car", "dog"], [0.5])
    assert sorted(points[0.5]["a.wav"]) == decode(probability, 1.0, ["car", "dog"], [0.5, 0.5], medians, 50.0)


@pytest.mark.parametrize("medians", [[2, 1], [0, 1], [-1, 1], [3.0, 1.0]])
def test_median_lengths_are_odd(medians: list[float]) -> None:
    with pytest.raises(ValueError, match="odd whole numbers"):
        smooth(np.zeros((5, 2)), medians)


def test_shapes_and_nan_are_refused() -> None:
    good = np.zeros((5, 2))
    with pytest.raises(ValueError, match="thresholds of shape"):
        decode(good, 1.0, ["a", "b"], [0.5], [1, 1], 5.0)
    with pytest.raises(ValueError, match="median_frames of shape"):
        decode(good, 1.0, ["a", "b"], [0.5, 0.5], [1], 5.0)
    with pytest.raises(ValueError, match="3 labels"):
        decode(good, 1.0, ["a", "b", "c"], [0.5, 0.5], [1, 1], 5.0)
    with pytest.raises(ValueError, match="labels of shape"):
        operating_points({"a.wav": good}, 1.0, ["a"], [0.5])
    good[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        decode(good, 1.0, ["a", "b"], [0.5, 0.5], [1, 1], 5.0)
    with pytest.raises(ValueError, match="NaN"):
        operating_points({"a.wav": good}, 1.0, ["a", "b"], [0.5])

"""Counts per file: their sums are what the F1 scores are made of."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.score.f1 import event_counts, event_f1, segment_counts, segment_f1

LABELS = ("dog", "car", "bell")  # not in alphabetical order
TRUTH = {"b.wav": [Event(0.0, 2.0, "car"), Event(5.0, 6.0, "dog")], "a.wav": [Event(1.0, 4.0, "car")]}
FOUND = {"b.wav": [Event(1.2, 2.1, "car"), Event(5.1, 6.1, "dog"), Event(0.0, 1.0, "bell")]}
DURATIONS = {"b.wav": 10.0, "a.wav": 10.0}


def test_segments_by_hand() -> None:
    # In b.wav: dog is detected in seconds 5 and 6 of 5; car in 1 and 2 of 0 and 1; bell in 0 of none.
    # In a.wav: seconds 1, 2 and 3 of car, nothing detected.
    expected = [[[1, 2, 1], [1, 2, 2], [0, 1, 0]], [[0, 0, 0], [0, 0, 3], [0, 0, 0]]]
    found = segment_counts(TRUTH, FOUND, DURATIONS, LABELS)
    assert found.dtype == np.int64
    assert found.tolist() == expected


def test_events_by_hand() -> None:
    # dog: 0.1 s off at both ends; car: 1.2 s late.
    expected = [[[1, 1, 1], [0, 1, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 1], [0, 0, 0]]]
    found = event_counts(TRUTH, FOUND, LABELS)
    assert found.dtype == np.int64
    assert found.tolist() == expected


def test_labels_in_the_order_given_and_files_in_the_truths() -> None:
    for count in (lambda *given: segment_counts(*given[:2], DURATIONS, given[2]), event_counts):
        straight = count(TRUTH, FOUND, LABELS)
        np.testing.assert_array_equal(count(TRUTH, FOUND, ("bell", "dog", "car")), straight[:, [2, 0, 1]])
        np.testing.assert_array_equal(count(TRUTH, FOUND, ("car",)), straight[:, [1]])
        other = {name: TRUTH[name] for name in ("a.wav", "b.wav")}
        np.testing.assert_array_equal(count(other, FOUND, LABELS), straight[::-1])


def test_collars() -> None:
    """0.2 s, or a fifth of the reference's length at its end."""
    truth = {"a": [Event(1.0, 2.0, "x")], "b": [Event(1.0, 2.0, "x")], "c": [Event(0.0, 10.0, "x")]}
    found = {"a": [Event(1.19, 2.19, "x")], "b": [Event(1.21, 2.0, "x")], "c": [Event(0.1, 8.1, "x")]}
    assert event_counts(truth, found, ("x",))[:, 0, 0].tolist() == [1, 0, 1]


def test_what_lies_past_the_end_is_cut() -> None:
    truth = {"a": [Event(0.5, 8.0, "x"), Event(5.0, 6.0, "x")]}
    assert segment_counts(truth, {"a": [Event(2.5, 9.0, "x")]}, {"a": 3.0}, ("x",)).tolist() == [[[1, 1, 3]]]


def scene(seed: int, files: int = 15) -> tuple[dict, dict, dict]:
    """Random references, detections that are near some of them, and durations; some files are empty."""
    rng = np.random.default_rng(seed)
    truth, found, durations = {}, {}, {}
    for number in range(files):
        name, length = f"{number}.wav", float(rng.uniform(3, 12))
        truth[name], durations[name] = [], length
        for _ in range(rng.integers(0, 5)):
            onset = float(rng.uniform(0, length - 1))
            offset = float(min(onset + rng.uniform(0.2, 4), length))
            label = str(rng.choice(["dog", "car"]))
            truth[name].append(Event(onset, offset, label))
            if rng.random() < 0.7:
                shift = rng.normal(0, 0.15, 2)
                near = Event(max(onset + shift[0], 0), min(offset + shift[1], length), label)
                found.setdefault(name, []).append(near)
        if rng.random() < 0.3:
            found.setdefault(name, []).append(Event(0.5, 2.0, str(rng.choice(["dog", "bell"]))))
    return truth, found, durations


@pytest.mark.parametrize("seed", range(5))
def test_sums_are_those_of_the_scores(seed: int) -> None:
    truth, found, durations = scene(seed)
    reports = (segment_f1(truth, found, durations, LABELS), event_f1(truth, found, LABELS))
    counts = (segment_counts(truth, found, durations, LABELS), event_counts(truth, found, LABELS))
    for report, counted in zip(reports, counts, strict=True):
        assert counted.shape == (len(truth), 3, 3)
        for label, (hits, system, reference) in zip(LABELS, counted.sum(0).tolist(), strict=True):
            expected = 2 * hits / (system + reference) if reference else None
            assert report.per_class[label] == expected
            assert report.recall[label] == (hits / reference if reference else None)
            assert report.precision[label] == (hits / system if system else None)
        assert 0 < report.macro < 1
    assert reports[0].per_class["bell"] is None


def test_a_file_alone_counts_as_it_does_among_others() -> None:
    truth, found, durations = scene(7)
    whole = segment_counts(truth, found, durations, LABELS)
    for number, name in enumerate(truth):
        one = {name: truth[name]}
        alone = segment_counts(one, {n: e for n, e in found.items() if n == name}, durations, LABELS)
        np.testing.assert_array_equal(alone[0], whole[number])


def test_tables_that_do_not_fit() -> None:
    with pytest.raises(UserError, match=r"names 'c\.wav'"):
        event_counts(TRUTH, {"c.wav": []}, LABELS)
    with pytest.raises(UserError, match=r"no duration is given for 'a\.wav'"):
        segment_counts(TRUTH, FOUND, {"b.wav": 10.0}, LABELS)

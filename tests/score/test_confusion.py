"""Who is taken for whom: counted by hand."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.confusion import Confusion, confusion_of
from sedkd.score.postprocess import Answers, PostProcessing

LABELS = ("dog", "cat", "car")
POST = PostProcessing((0.5, 0.5, 0.5), (1, 1, 1))


def answers_of(told: list[Event], truth: list[Event], seconds: float = 10.0) -> Answers:
    """One recording in frames of 0.1 s, and probabilities of 1 where an event is told."""
    frames = np.zeros((round(seconds * 10), 3), np.float32)
    for event in told:
        frames[round(event.onset * 10) : round(event.offset * 10), LABELS.index(event.event_label)] = 1
    return Answers([frames], ["a.wav"], [seconds], [truth], LABELS, 0.1)


def of(told: list[Event], truth: list[Event]) -> Confusion:
    return confusion_of(answers_of(told, truth), POST)


def test_one_is_taken_for_another() -> None:
    found = of([Event(1.5, 2, "dog"), Event(2, 4, "cat")], [Event(1, 3, "dog")])
    assert found.detected == [[0.5, 1.0, 0], [0, 0, 0], [0, 0, 0]]  # the dog's last second was called a cat
    assert found.quiet == [0, 1.0, 0]  # and so was a second of nothing
    assert (found.true, found.silence) == ([2.0, 0, 0], 8.0)
    assert found.shares == [[0.25, 0.5, 0], [None] * 3, [None] * 3, [0, 0.125, 0]]
    assert found.missed == [0.75, None, None]
    assert found.occurs


def test_what_overlaps_and_is_true_is_no_confusion() -> None:
    truth = [Event(0, 4, "dog"), Event(2, 6, "cat")]
    found = of([Event(0, 6, "cat")], truth)
    assert found.detected == [[0, 2.0, 0], [0, 4.0, 0], [0, 0, 0]]  # wrong until the cat comes, right from there on
    assert found.missed[:2] == [1.0, 0.0]
    third = of([Event(0, 4, "dog"), Event(2, 6, "cat"), Event(3, 7, "car")], truth)
    assert third.detected == [[4.0, 0, 1.0], [0, 4.0, 3.0], [0, 0, 0]]  # one second counts for both that were there
    assert third.quiet == [0, 0, 1.0]


def test_edges() -> None:
    late = of([], [Event(9, 12, "dog"), Event(1, 2, "bird"), Event(9.5, 10, "dog")])
    assert late.true == [1.0, 0, 0]  # cut at the recording's end, other labels left out, one time once
    assert late.silence == 9.0
    silent = of([], [])
    assert not silent.occurs
    assert silent.shares[3] == [0, 0, 0]


def test_recordings_without_events_count() -> None:
    negatives = answers_of([Event(0, 2, "car")], [], 30.0)
    found = confusion_of(answers_of([], [Event(0, 4, "dog")]), POST, negatives)
    assert found.silence == pytest.approx(36)
    assert found.quiet == [0, 0, 2.0]

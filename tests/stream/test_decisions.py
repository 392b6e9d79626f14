"""Decisions taken while the probabilities come in are those that the whole file gives."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.postprocess import PostProcessing
from sedkd.score.thresholding import decode
from sedkd.stream.decisions import Onset, StreamDecisions, Told
from sedkd.stream.detection import Detection

LABELS = ("a", "b", "c", "d")


def streamed(p: np.ndarray, post: PostProcessing, duration: float, cuts: list[int]) -> list[Told]:
    decisions, told = StreamDecisions(LABELS[: p.shape[1]], post, 0.08), []
    for part in np.split(p, cuts):
        told += decisions.feed(part)
    return told + decisions.finish(duration)


@pytest.mark.parametrize("seed", range(60))
def test_the_whole_files_events_and_confidences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = int(rng.integers(0, 120))
    slow = np.repeat(rng.random((frames // 4 + 1, 4)), 4, axis=0)[:frames]
    p = np.where(rng.random((frames, 4)) < 0.3, rng.random((frames, 4)), slow).astype(np.float32)
    thresholds = (0.35, 0.5, float(p[frames // 2, 2]) if frames else 0.5, 0.95)  # one is met exactly
    post = PostProcessing(thresholds, tuple((2 * rng.integers(0, 9, 4) + 1).tolist()))
    duration = max(frames * 0.08 - float(rng.uniform(0, 0.079)), 0.0)
    told = streamed(p, post, duration, sorted(rng.integers(0, frames + 1, 5).tolist()))
    ended = [each for each in told if isinstance(each, Detection)]
    expected = decode(p, 0.08, LABELS, post.thresholds, post.median_frames, duration)
    assert sorted(each.event for each in ended) == expected
    assert sorted((e.onset, e.event_label) for e in expected) == sorted(
        each for each in told if isinstance(each, Onset)
    )
    for event, confidence in ended:
        rows = slice(round(event.onset / 0.08), int(np.ceil(event.offset / 0.08 - 1e-6)))
        assert confidence == pytest.approx(p[rows, LABELS.index(event.event_label)].mean(), abs=1e-6)


def test_onsets_and_offsets_are_told_as_soon_as_they_are_decided() -> None:
    decisions = StreamDecisions(("a", "b"), PostProcessing((0.5, 0.5), (1, 5)), 0.5)
    assert decisions.delay_seconds == 1.0
    frame = np.ones((1, 2), np.float32)
    assert decisions.feed(frame) == [Onset(0.0, "a")]
    assert decisions.feed(frame) == []
    assert decisions.feed(frame) == [Onset(0.0, "b")]
    assert decisions.feed(0 * frame) == [Detection(Event(0.0, 1.5, "a"), 1.0)]
    assert decisions.feed(0 * frame) == []
    assert decisions.feed(0 * frame) == [Detection(Event(0.0, 1.5, "b"), 1.0)]
    assert decisions.finish(3.0) == []


def test_a_stream_without_frames() -> None:
    assert StreamDecisions(("a",), PostProcessing((0.0,), (5,)), 0.08).finish(0.0) == []


def test_refuses_what_decode_refuses() -> None:
    with pytest.raises(ValueError, match="odd"):
        StreamDecisions(("a",), PostProcessing((0.5,), (2,)), 0.08)
    decisions = StreamDecisions(("a",), PostProcessing((0.5,), (1,)), 0.08)
    with pytest.raises(ValueError, match="NaN"):
        decisions.feed(np.array([[np.nan]], np.float32))
    with pytest.raises(ValueError, match="do not fit 1 classes"):
        decisions.feed(np.zeros((1, 2), np.float32))

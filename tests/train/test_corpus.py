"""The grid of output frames: targets, windows and masks worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sedkd.data.events import Event
from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack
from sedkd.train.corpus import Corpus, TeacherOutputs, corpus_from, frame_targets

LABELS = ("a", "b")


def recording(events, environment: str = "e") -> Recording:
    return Recording(Path("x.wav"), "x.wav", environment, 1.0, None if events is None else tuple(events))


def targets(*events: Event, frames: int = 5) -> np.ndarray:
    return frame_targets([recording(events)], np.array([0, frames]), 0.1, LABELS)


def test_targets_are_shares_of_frames() -> None:
    found = targets(Event(0.05, 0.22, "a"), Event(0.31, 0.34, "b"))
    assert found.dtype == np.float16
    np.testing.assert_allclose(found[:, 0], [0.5, 1, 0.2, 0, 0], atol=1e-3)
    np.testing.assert_allclose(found[:, 1], [0, 0, 0, 0.3, 0], atol=1e-3)


def test_two_events_in_a_frame_add_up_to_one_at_most() -> None:
    found = targets(Event(0.0, 0.03, "a"), Event(0.05, 0.1, "a"), Event(0.1, 0.18, "b"), Event(0.12, 0.2, "b"))
    np.testing.assert_allclose(found[:2], [[0.8, 0], [0, 1]], atol=1e-3)


def test_what_is_not_asked_for_and_what_is_past_the_end() -> None:
    found = targets(Event(0.0, 0.5, "c"), Event(0.45, 9.0, "a"))
    np.testing.assert_allclose(found[:, 0], [0, 0, 0, 0, 0.5], atol=1e-3)
    assert not found[:, 1].any()


def test_targets_of_each_recording_begin_anew() -> None:
    recordings = [recording([Event(0.0, 0.1, "a")]), recording(None), recording([Event(0.1, 0.2, "b")])]
    found = frame_targets(recordings, np.array([0, 2, 3, 5]), 0.1, LABELS)
    np.testing.assert_array_equal(found, [[1, 0], [0, 0], [0, 0], [0, 0], [0, 1]])


@pytest.fixture
def corpus() -> Corpus:
    """Three recordings of 7, 4 and 9 feature frames, stride 2: 4, 2 and 5 output frames."""
    starts = np.array([0, 7, 11, 20])
    frames = np.arange(20, dtype=np.float16)[:, None] * [1, 100]
    recordings = [
        recording([Event(0.0, 0.1, "a")], "both"),
        recording([Event(0.1, 0.2, "b")], "only b"),
        recording(None, "both"),
    ]
    found = corpus_from(
        recordings, Pack("k", frames.astype(np.float16), starts), 2, 0.1, LABELS, {"both": LABELS, "only b": ["b"]}
    )
    logits = torch.arange(11, dtype=torch.float16)[:, None].repeat(1, 2)
    return found.taught_by(TeacherOutputs(logits, -logits[:, :1]))


def test_the_grid(corpus: Corpus) -> None:
    assert corpus.out_starts.tolist() == [0, 4, 6, 11]
    assert corpus.annotated.tolist() == [[True, True], [False, True], [False, False]]
    assert corpus.labeled.tolist() == [0, 1]
    assert corpus.unlabeled.tolist() == [2]
    np.testing.assert_array_equal(corpus.targets[:, 0], [1] + 10 * [0])
    np.testing.assert_array_equal(corpus.targets[:, 1], 5 * [0] + [1] + 5 * [0])


def test_a_window_within_a_recording(corpus: Corpus) -> None:
    batch = corpus.window(torch.tensor([0, 2]), torch.tensor([1, 2]), 2)
    assert batch.features[..., 0].tolist() == [[2, 3, 4, 5], [15, 16, 17, 18]]
    assert batch.features[..., 1].tolist() == [[200, 300, 400, 500], [1500, 1600, 1700, 1800]]
    assert batch.teacher_logits[..., 0].tolist() == [[1, 2], [8, 9]]
    assert batch.teacher_embedding[..., 0].tolist() == [[-1, -2], [-8, -9]]
    assert batch.valid.tolist() == [[1, 1], [1, 1]]
    assert batch.features.dtype == batch.targets.dtype == batch.teacher_logits.dtype == torch.float32


def test_a_window_past_the_end_repeats_the_last_frame(corpus: Corpus) -> None:
    batch = corpus.window(torch.tensor([0, 1]), torch.tensor([3, 0]), 3)
    assert batch.features[..., 0].tolist() == [[6, 6, 6, 6, 6, 6], [7, 8, 9, 10, 10, 10]]
    assert batch.teacher_logits[..., 0].tolist() == [[3, 3, 3], [4, 5, 5]]
    assert batch.valid.tolist() == [[1, 0, 0], [1, 1, 0]]
    assert batch.targets[1].tolist() == [[0, 0], [0, 1], [0, 1]]
    # Known: where a label is annotated and the frame is audio.
    assert batch.known.tolist() == [[[1, 1], [0, 0], [0, 0]], [[0, 1], [0, 1], [0, 0]]]


def test_nothing_is_known_of_the_unlabelled(corpus: Corpus) -> None:
    batch = corpus.window(torch.tensor([2]), torch.tensor([0]), 5)
    assert not batch.known.any()
    assert batch.valid.all()


def test_without_a_teacher(corpus: Corpus) -> None:
    batch = corpus.taught_by(None).window(torch.tensor([0]), torch.tensor([0]), 2)
    assert batch.teacher_logits is None
    assert batch.teacher_embedding is None


def test_statistics(corpus: Corpus) -> None:
    mean, std = corpus.statistics()
    torch.testing.assert_close(mean, torch.tensor([9.5, 950.0]))
    assert std[0] == pytest.approx(np.arange(20).std(ddof=1))
    flat = corpus_from([recording([])], Pack("k", np.ones((4, 2), np.float16), np.array([0, 4])), 2, 0.1, LABELS,
                       {"e": LABELS})  # fmt: skip
    assert flat.statistics()[1].min() > 0

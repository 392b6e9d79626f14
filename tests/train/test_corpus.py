"""The grid of output frames: targets, windows and masks worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sedkd.data.events import Event
from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack
from sedkd.train.corpus import (
    Corpus,
    TeacherOutputs,
    corpus_from,
    frame_targets,
    heard_twice,
    outputs_joined,
    with_foreign,
)

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


def test_where_something_unknown_sounds_no_event_is_known_to_be_absent() -> None:
    """An active event still is. The same holds with other environments' clips behind."""
    first = replace(recording([Event(0.0, 0.3, "a")]), unknown=((0.15, 0.32),))
    pack = Pack("k", np.zeros((10, 4), np.float16), np.array([0, 5, 10]))
    own = corpus_from([first, recording([])], pack, 1, 0.1, LABELS, {"e": LABELS})
    expected = torch.tensor([[1, 1, 1, 0, 1], [1, 0, 0, 0, 1]]).T.float()
    for corpus in (own, with_foreign(own, [own.taught_by(None)])):
        batch = corpus.window(torch.tensor([0, 1]), torch.tensor([0, 0]), 5)
        torch.testing.assert_close(batch.known[0], expected)
        assert batch.known[1].all()
        torch.testing.assert_close(corpus.known_frames()[:5].float(), expected)


@pytest.mark.parametrize(
    ("onset", "offset", "unsure"), [(0.24, 0.56, range(3, 7)), (0.56, 0.57, [7]), (0.5, 0.6, [6, 7])]
)
def test_what_is_unknown_up_to_a_frames_edge_ends_there(onset: float, offset: float, unsure: Sequence[int]) -> None:
    """0.56 s / 0.08 s is more than 7, and 0.24 s / 0.08 s is less than 3."""
    found = corpus_from(
        [replace(recording([]), duration=0.8, unknown=((onset, offset),))],
        Pack("k", np.zeros((10, 4), np.float16), np.array([0, 10])), 1, 0.08, LABELS, {"e": LABELS},
    )  # fmt: skip
    assert found.unsure is not None
    assert found.unsure.nonzero()[:, 0].tolist() == list(unsure)


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


def test_an_environment_without_clips_moves_nobody_elses(corpus: Corpus) -> None:
    """The file of no recordings holds one row, which is nobody's."""
    none = Pack("none", np.ones((1, 2), np.float16), np.array([0]))
    empty = corpus_from([], none, 2, 0.1, LABELS, {})
    whole = heard_twice(with_foreign(corpus, [empty, corpus]), torch.cat([corpus.frames + 1, corpus.frames + 1]))
    clips, zeros = torch.arange(3), torch.zeros(3, dtype=torch.long)
    expected = corpus.window(clips, zeros, 2).features
    for first, more in ((0, 0), (3, 0), (6, 1), (9, 1)):
        assert torch.equal(whole.window(clips + first, zeros, 2).features, expected + more)


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


@pytest.fixture
def abroad() -> Corpus:
    """Two recordings of another environment, 5 and 2 feature frames (3 and 1 output frames), one of them labelled."""
    frames = (100 + np.arange(7, dtype=np.float16))[:, None] * [1, 100]
    recordings = [recording([Event(0.0, 0.1, "a")], "abroad"), recording(None, "abroad")]
    pack = Pack("f", frames.astype(np.float16), np.array([0, 5, 7]))
    return corpus_from(recordings, pack, 2, 0.1, LABELS, {"abroad": LABELS})


def outputs_of(first: int, frames: int, attention: bool = True) -> TeacherOutputs:
    rows = torch.arange(first, first + frames, dtype=torch.float16)[:, None]
    return TeacherOutputs(rows.repeat(1, 2), -rows, rows / 2 if attention else None)


def test_foreign_clips_come_behind(corpus: Corpus, abroad: Corpus) -> None:
    whole = with_foreign(corpus, [abroad, abroad])
    assert whole.starts.tolist() == [0, 7, 11, 20, 25, 27, 32, 34]
    assert whole.out_starts.tolist() == [0, 4, 6, 11, 14, 15, 18, 19]
    assert whole.frames[:, 0].tolist() == [*range(20), *range(100, 107), *range(100, 107)]
    assert torch.equal(whole.targets, torch.cat([corpus.targets, abroad.targets, abroad.targets]))
    assert whole.stride == 2


def test_foreign_clips_are_neither_labelled_nor_unlabelled(corpus: Corpus, abroad: Corpus) -> None:
    whole = with_foreign(corpus, [abroad])
    assert whole.labeled.tolist() == [0, 1]
    assert whole.unlabeled.tolist() == [2]
    assert whole.elsewhere.tolist() == [3, 4]
    assert corpus.elsewhere.tolist() == []
    assert with_foreign(corpus, []).elsewhere.tolist() == []
    assert with_foreign(corpus, []).labeled.tolist() == [0, 1]


def test_a_window_of_a_foreign_clip(corpus: Corpus, abroad: Corpus) -> None:
    """Its annotations are hidden, its audio is not; the others' windows are what they were."""
    corpus = corpus.taught_by(None)
    whole = with_foreign(corpus, [abroad])
    batch = whole.window(torch.tensor([3, 4]), torch.tensor([0, 0]), 3)
    assert batch.features[..., 0].tolist() == [[100, 101, 102, 103, 104, 104], [105, 106, 106, 106, 106, 106]]
    assert batch.valid.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert not batch.known.any()
    assert abroad.window(torch.tensor([0]), torch.tensor([0]), 3).known.all()
    before, after = (c.window(torch.tensor([0, 1, 2]), torch.tensor([1, 0, 2]), 3) for c in (corpus, whole))
    for name in ("features", "targets", "known", "valid"):
        assert torch.equal(getattr(before, name), getattr(after, name)), name


def test_a_teachers_outputs_are_joined_in_the_same_order(corpus: Corpus, abroad: Corpus) -> None:
    taught = with_foreign(corpus, [abroad]).taught_by(outputs_joined([outputs_of(0, 11), outputs_of(50, 4)]))
    batch = taught.window(torch.tensor([2, 3, 4]), torch.tensor([3, 1, 0]), 2)
    assert batch.teacher_logits[..., 1].tolist() == [[9, 10], [51, 52], [53, 53]]
    assert batch.teacher_embedding[..., 0].tolist() == [[-9, -10], [-51, -52], [-53, -53]]
    assert batch.teacher_attention[..., 0].tolist() == [[4.5, 5], [25.5, 26], [26.5, 26.5]]
    assert batch.teacher_attention.dtype == torch.float32
    assert outputs_joined([outputs_of(0, 3, False), outputs_of(9, 2, False)]).attention is None


def test_foreign_tags_are_hidden_as_well() -> None:
    pack = Pack("t", np.zeros((4, 2), np.float16), np.array([0, 2, 4]))
    told = [replace(recording(None), tags=("a",)), recording([])]
    own = corpus_from(told, pack, 2, 0.1, LABELS, {"e": LABELS})
    whole = with_foreign(own, [own])
    assert own.weak.tolist() == whole.weak.tolist() == [0]
    assert whole.tags.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0]]
    assert whole.tagged.tolist() == [[True, True], [False, False], [False, False], [False, False]]
    plain = corpus_from([recording([])] * 2, pack, 2, 0.1, LABELS, {"e": LABELS})
    assert with_foreign(plain, [own]).weak.tolist() == []


def test_statistics(corpus: Corpus) -> None:
    mean, std = corpus.statistics()
    torch.testing.assert_close(mean, torch.tensor([9.5, 950.0]))
    assert std[0] == pytest.approx(np.arange(20).std(ddof=1))
    flat = corpus_from([recording([])], Pack("k", np.ones((4, 2), np.float16), np.array([0, 4])), 2, 0.1, LABELS,
                       {"e": LABELS})  # fmt: skip
    assert flat.statistics()[1].min() > 0


def test_clip_level_labels() -> None:
    """Known for the labels that the environment annotates; what it does not is unknown, and so is every frame."""
    told = [
        replace(recording(None, "only b"), tags=("b", "siren")),
        recording([Event(0.0, 0.1, "a")], "both"),
        replace(recording(None, "both"), tags=()),
        recording(None, "both"),
    ]
    pack = Pack("t", np.zeros((8, 2), np.float16), np.array([0, 2, 4, 6, 8]))
    found = corpus_from(told, pack, 2, 0.1, LABELS, {"both": LABELS, "only b": ["b"]})
    assert found.tags.tolist() == [[0, 1], [0, 0], [0, 0], [0, 0]]
    assert found.tags.dtype == torch.float32
    assert found.tagged.tolist() == [[False, True], [False, False], [True, True], [False, False]]
    assert found.weak.tolist() == [0, 2]
    assert found.labeled.tolist() == [1]
    assert found.unlabeled.tolist() == [0, 2, 3]
    assert not found.window(torch.tensor([0]), torch.tensor([0]), 1).known.any()
    there = found.to(torch.device("meta"))
    assert there.tags.is_meta
    assert there.tagged.is_meta


def test_without_clip_level_labels(corpus: Corpus) -> None:
    assert corpus.tags is None
    assert corpus.tagged is None
    assert corpus.weak.tolist() == []


def test_soft_labels_are_targets_as_they_are() -> None:
    soft = ((Event(0.0, 0.25, "a"), 0.4), (Event(0.25, 0.5, "a"), 1.0), (Event(0.0, 0.5, "c"), 1.0))
    told = replace(recording([Event(0.25, 0.5, "a")]), soft=soft)
    found = frame_targets([told], np.array([0, 5]), 0.1, LABELS)
    np.testing.assert_allclose(found[:, 0], [0.4, 0.4, 0.7, 1.0, 1.0], atol=1e-3)
    assert not found[:, 1].any()


def test_a_recording_says_itself_what_its_annotators_listened_for() -> None:
    told = [recording([]), replace(recording([]), listened=("b",)), replace(recording(None), listened=("b",))]
    pack = Pack("k", np.ones((6, 2), np.float16), np.array([0, 2, 4, 6]))
    found = corpus_from(told, pack, 2, 0.1, LABELS, {"e": LABELS})
    assert found.annotated.tolist() == [[True, True], [False, True], [False, False]]

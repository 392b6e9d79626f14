"""The tuner counts what sed_eval counts, and breaks ties as it says."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.f1 import event_f1, segment_f1
from sedkd.score.postprocess import (
    MEDIAN_SECONDS,
    THRESHOLDS,
    Answers,
    PostProcessing,
    _event_f1,
    _odd,
    _segment_f1,
    fast_f1,
    tune,
)
from sedkd.score.summary import score

LABELS = ("a", "b", "c")
FRAME = 0.08


def answers(seed: int, files: int = 12, longest: float = 12.0, labels: tuple[str, ...] = LABELS) -> Answers:
    """Random events, and probabilities that know something of them; durations are no multiples of anything."""
    rng = np.random.default_rng(seed)
    probabilities, durations, truth = [], [], []
    for _ in range(files):
        duration = float(rng.uniform(0.5, longest))
        frames = int(np.ceil(duration / FRAME))
        events, p = [], rng.beta(1, 4, (frames, len(labels)))
        for c, label in enumerate(labels):
            for _ in range(rng.integers(0, 3)):
                onset = float(rng.uniform(0, duration))
                offset = float(min(onset + rng.exponential(1.5) + 0.05, duration))
                events.append(Event(onset, offset, label))
                p[int(onset / FRAME) : int(np.ceil(offset / FRAME)), c] += rng.uniform(0, 0.7)
        probabilities.append(p.clip(0, 1).astype(np.float32))
        durations.append(duration)
        truth.append(events)
    return Answers(probabilities, [f"{i}.wav" for i in range(files)], durations, truth, labels, FRAME)


def by_sed_eval(given: Answers, post: PostProcessing):
    truth = dict(zip(given.filenames, given.truth, strict=True))
    durations = dict(zip(given.filenames, given.durations, strict=True))
    return segment_f1(truth, given.detections(post), durations, given.labels)


@pytest.mark.parametrize("seed", range(4))
def test_segment_f1_is_sed_evals_at_every_threshold(seed: int) -> None:
    given = answers(seed)
    found = _segment_f1(given, list(given.probabilities))
    for t in range(0, len(THRESHOLDS), 3):
        expected = by_sed_eval(given, PostProcessing((THRESHOLDS[t],) * 3, (1, 1, 1))).per_class
        for c, label in enumerate(LABELS):
            assert found[t, c] == pytest.approx(expected[label] or 0.0, abs=1e-12), (THRESHOLDS[t], label)


@pytest.mark.parametrize("seed", range(4, 7))
def test_the_tuned_f1_is_sed_evals(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = answers(seed)
    monkeypatch.setattr("sedkd.score.postprocess.MEDIAN_SECONDS", (0.0,))
    post = tune(given, "f1_segment")
    best = _segment_f1(given, list(given.probabilities)).max(axis=0)
    report = by_sed_eval(given, post)
    for c, label in enumerate(LABELS):
        assert report.per_class[label] == pytest.approx(best[c], abs=1e-12)
    assert fast_f1(given) == pytest.approx(report.macro)
    assert post.median_frames == (1, 1, 1)
    assert score(given, post, with_psds=False).values["f1_segment"] == pytest.approx(report.macro)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_on_the_grid_is_better(seed: int) -> None:
    """With filters: of every threshold and filter, none has a larger F1 by sed_eval than what was chosen."""
    given = answers(seed, files=4, longest=6.0, labels=("a",))
    post = tune(given, "f1_segment")
    chosen = by_sed_eval(given, post).per_class["a"]
    every = [
        by_sed_eval(given, PostProcessing((threshold,), (_odd(seconds / FRAME),))).per_class["a"]
        for threshold in THRESHOLDS[::2]
        for seconds in MEDIAN_SECONDS
    ]
    assert chosen >= max(every)


def test_times_on_the_grid_of_segments() -> None:
    """Frames, events and ends that fall on whole seconds touch only one of the two segments there."""
    p = np.zeros((50, 1), np.float32)
    p[25:50] = 0.9  # 2.0 to 4.0 s
    given = Answers([p], ["x"], [4.0], [[Event(2.0, 3.0, "a")]], ("a",), FRAME)
    report = by_sed_eval(given, PostProcessing((0.5,), (1,)))
    assert report.per_class["a"] == pytest.approx(2 / 3)
    assert _segment_f1(given, [p])[THRESHOLDS.index(0.5), 0] == pytest.approx(2 / 3)


def test_among_equals_the_threshold_nearest_one_half() -> None:
    p = np.zeros((25, 1), np.float32)
    p[:12] = 0.33  # every threshold up to 0.3 finds the event
    given = Answers([p], ["x"], [2.0], [[Event(0.0, 0.96, "a")]], ("a",), FRAME)
    assert tune(given, "f1_segment") == PostProcessing((0.3,), (1,))
    p[:12] = 0.97
    assert tune(given, "f1_segment") == PostProcessing((0.5,), (1,))


def test_among_equals_the_shortest_filter() -> None:
    """One frame of false alarm: any filter removes it, and so does none with a higher threshold."""
    p = np.zeros((50, 1), np.float32)
    p[:20], p[40] = 0.9, 0.97
    given = Answers([p], ["x"], [4.0], [[Event(0.0, 1.6, "a")]], ("a",), FRAME)
    assert tune(given, "f1_segment") == PostProcessing((0.5,), (3,))
    p[40] = 0.77  # now the threshold 0.8 does without a filter
    assert tune(given, "f1_segment") == PostProcessing((0.8,), (1,))


def test_filters_are_odd_and_each_once() -> None:
    assert [_odd(seconds / FRAME) for seconds in MEDIAN_SECONDS] == [1, 3, 5, 9, 15]
    assert [_odd(seconds / 0.5) for seconds in MEDIAN_SECONDS] == [1, 1, 1, 1, 3]


@pytest.mark.parametrize("criterion", ["f1_segment", "f1_event"])
def test_a_class_without_events_and_one_that_is_never_right(criterion: str) -> None:
    given = answers(1, labels=("a", "none", "deaf"))
    truth = [[e for e in events if e.event_label != "none"] for events in given.truth]
    for p in given.probabilities:
        p[:, 2] = 0
    given = Answers(given.probabilities, given.filenames, given.durations, truth, given.labels, FRAME)
    post = tune(given, criterion)
    assert (post.thresholds[1], post.median_frames[1]) == (0.5, 1)
    assert (post.thresholds[2], post.median_frames[2]) == (0.5, 1)
    assert fast_f1(given) < 1
    kept = by_sed_eval(given, post).per_class
    assert kept["none"] is None
    assert kept["deaf"] == 0


def test_nothing_to_be_heard() -> None:
    given = Answers([np.full((10, 1), 0.9, np.float32)], ["x"], [0.8], [[]], ("a",), FRAME)
    assert fast_f1(given) == 0
    assert tune(given, "f1_segment") == PostProcessing((0.5,), (1,))


def test_events_of_other_classes_are_ignored() -> None:
    given = answers(2)
    only = Answers(
        [p[:, :1] for p in given.probabilities], given.filenames, given.durations, given.truth, ("a",), FRAME
    )
    assert tune(only, "f1_segment").thresholds[0] == tune(given, "f1_segment").thresholds[0]


@pytest.mark.parametrize("seed", range(3))
def test_event_f1_is_near_sed_evals(seed: int) -> None:
    """Greedy matching is at most as good as sed_eval's, and with events this far apart it is the same."""
    rng = np.random.default_rng(seed)
    probabilities, truth = [], []
    for _ in range(8):
        p, events = np.full((150, 2), 0.02, np.float32), []
        for c, label in enumerate(("a", "b")):
            for place in range(4):
                onset = 3 * place + float(rng.uniform(0.3, 0.8))
                offset = onset + float(rng.uniform(0.4, 1.6))
                events.append(Event(onset, offset, label))
                first, last = np.array([onset, offset]) / FRAME + rng.normal(0, 2, 2)
                p[max(round(first), 0) : round(last), c] = rng.uniform(0.1, 1)
        probabilities.append(p)
        truth.append(events)
    given = Answers(probabilities, [f"{i}" for i in range(8)], [12.0] * 8, truth, ("a", "b"), FRAME)
    found = _event_f1(given, probabilities)
    for t in range(0, len(THRESHOLDS), 4):
        detections = given.detections(PostProcessing((THRESHOLDS[t],) * 2, (1, 1)))
        expected = event_f1(dict(zip(given.filenames, truth, strict=True)), detections, given.labels).per_class
        assert found[t].tolist() == pytest.approx([expected["a"] or 0, expected["b"] or 0])
    post = tune(given, "f1_event")
    scores = score(given, post, with_psds=False)
    assert scores.values["f1_event"] >= found.max(axis=0).mean() - 1e-9
    assert 0.2 < scores.values["f1_event"] < 1


def test_the_criterion_decides() -> None:
    """A gap in the middle costs no segment, but the event."""
    p = np.zeros((100, 1), np.float32)
    p[10:40], p[24] = 0.9, 0.12
    given = Answers([p], ["x"], [8.0], [[Event(0.8, 3.2, "a")]], ("a",), FRAME)
    assert tune(given, "f1_segment") == PostProcessing((0.5,), (1,))
    by_event = tune(given, "f1_event")
    assert by_event.thresholds[0] <= 0.1 or by_event.median_frames[0] > 1
    assert score(given, by_event, with_psds=False).values["f1_event"] == 1


def test_a_class_may_be_called_none() -> None:
    """dcase_util, inside sed_eval, takes that word for no label."""
    truth, found = {"x": [Event(0.0, 1.0, "none")]}, {"x": [Event(0.0, 1.0, "none")]}
    assert segment_f1(truth, found, {"x": 4.0}).per_class == {"none": 1.0}
    assert event_f1(truth, found).per_class == {"none": 1.0}


def test_a_frame_that_ends_with_its_segment_is_not_in_the_next_one() -> None:
    frames = np.zeros((2500, 1), np.float32)
    frames[1600:1625] = 1  # 64 to 65 s; 1624 * 0.04 + 0.04 is a hair above 65
    given = Answers([frames], ["a.wav"], [100.0], [[Event(64.0, 65.0, "a")]], ("a",), 0.04)
    assert by_sed_eval(given, PostProcessing((0.5,), (1,))).macro == 1.0
    assert _segment_f1(given, [frames])[THRESHOLDS.index(0.5), 0] == 1.0


def test_recordings_that_are_called_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="called alike"):
        Answers([np.zeros((5, 1))] * 2, ["a.wav"] * 2, [1.0] * 2, [[]] * 2, ("a",), FRAME)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_an_answer_at_a_threshold_is_told_where_tuning_counts_it(threshold: float) -> None:
    for p in (np.float32(threshold), np.nextafter(np.float32(threshold), np.float32(1))):
        frames = np.full((25, 1), p, np.float32)
        given = Answers([frames], ["a.wav"], [2.0], [[Event(0.0, 2.0, "a")]], ("a",), FRAME)
        told = bool(given.detections(PostProcessing((threshold,), (1,)))["a.wav"])
        place = THRESHOLDS.index(threshold)
        assert told == (_segment_f1(given, [frames])[place, 0] == 1.0) == (_event_f1(given, [frames])[place, 0] == 1.0)

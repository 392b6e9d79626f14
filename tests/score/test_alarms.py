"""False alarms per hour, and thresholds that hear most within so many of them."""

import itertools

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.alarms import FINE, NEVER, _Option, _shared, counted, detected, tuned_to_alarms
from sedkd.score.postprocess import Answers, PostProcessing, event_hits, medians_of
from sedkd.score.summary import score

FRAME = 0.08
LABELS = ("a", "b")


def answers_of(
    tracks: list[list[float]], truth: list[list[Event]], seconds: float = 8.0, labels: tuple[str, ...] = ("a",)
) -> Answers:
    """One recording per track of probabilities, one per second and label of `labels[0]`, each held for a second."""
    frames = [np.repeat(np.array(track, np.float32), round(1 / FRAME))[:, None] for track in tracks]
    names = [f"{number}.wav" for number in range(len(tracks))]
    return Answers(frames, names, [seconds] * len(tracks), truth, labels, FRAME)


def random_answers(seed: int, count: int, silent: bool = False) -> Answers:
    rng = np.random.default_rng(seed)
    probabilities = [np.repeat(rng.random((25, 2)), 4, 0).astype(np.float32) for _ in range(count)]
    truth = [
        [] if silent else [Event(s, s + 0.64, str(rng.choice(LABELS))) for s in (0.32, 3.2, 6.4)] for _ in range(count)
    ]
    return Answers(probabilities, [f"{silent}{n}" for n in range(count)], [8.0] * count, truth, LABELS, FRAME)


def test_rate_by_hand() -> None:
    # 36 s: one right, one at the wrong place; 36 s of silence: two more.
    heard = answers_of([[0, 0.9, 0, 0, 0.9, 0, 0, 0]], [[Event(0.96, 1.92, "a")]], 36.0)
    quiet = answers_of([[0.9, 0, 0.9, 0, 0, 0, 0, 0]], [[]], 36.0)
    post = PostProcessing((0.5,), (1,))
    found = score(heard, post, with_psds=False)
    assert found.values["fa_per_hour"] == pytest.approx(100.0)
    both = score(heard, post, with_psds=False, negatives=quiet)
    assert both.values["fa_per_hour"] == pytest.approx(3 / (72 / 3600))
    assert both.per_class["a"]["fa_per_hour"] == both.values["fa_per_hour"]
    assert both.values["f1_event"] == found.values["f1_event"]


@pytest.mark.parametrize("most", [0.0, 450.0, 2000.0])
def test_no_other_choice_hears_more_within_the_limit(most: float) -> None:
    given, quiet = random_answers(1, 4), random_answers(2, 2, silent=True)
    medians = medians_of(FRAME)
    hits, alarms = counted(given, medians, quiet)
    hours = 6 * 8.0 / 3600
    settings = list(np.ndindex(len(medians), len(FINE)))
    reference = [sum(e.event_label == label for t in given.truth for e in t) for label in LABELS]
    best = 0.0
    for first, second in itertools.product([None, *settings], repeat=2):
        pair = [(place, c) for c, place in enumerate((first, second)) if place is not None]
        if sum(alarms[(*place, c)] for place, c in pair) <= most * hours + 1e-9:
            best = max(best, sum(hits[(*place, c)] / reference[c] for place, c in pair))
    post = tuned_to_alarms(given, most, quiet)
    chosen = [
        (medians.index(post.median_frames[c]), FINE.index(post.thresholds[c]), c)
        for c in range(2)
        if post.thresholds[c] != NEVER
    ]
    assert sum(hits[place] / reference[place[2]] for place in chosen) == pytest.approx(best)
    assert score(given, post, with_psds=False, negatives=quiet).values["fa_per_hour"] <= most + 1e-9


def test_silence_where_nothing_fits_and_where_nothing_is_known() -> None:
    loud = answers_of([[0.9, 0, 0.9, 0, 0, 0, 0, 0]], [[Event(0.0, 0.96, "a")]])
    assert tuned_to_alarms(loud, 100.0).thresholds == (NEVER,)  # with the event comes the alarm: 450 an hour
    assert tuned_to_alarms(loud, 450.0).thresholds != (NEVER,)
    assert tuned_to_alarms(answers_of([[0.9] * 8], [[]]), 1e6).thresholds == (NEVER,)
    assert score(loud, PostProcessing((NEVER,), (1,)), with_psds=False).values["fa_per_hour"] == 0


def test_without_events_every_detection_is_an_alarm() -> None:
    quiet = random_answers(3, 2, silent=True)
    expected = event_hits(quiet, quiet.probabilities, FINE)
    np.testing.assert_array_equal(detected(quiet.probabilities), expected.system)
    assert expected.system.any()


def test_alarms_are_spent_where_they_gain_most() -> None:
    silent = _Option(0.0, 0, NEVER, 1)
    dear, cheap = [silent, _Option(0.5, 3, 0.5, 1)], [silent, _Option(0.4, 1, 0.5, 1), _Option(0.45, 3, 0.4, 1)]
    assert [o.alarms for o in _shared([dear, cheap], 0)] == [0, 0]
    assert [o.alarms for o in _shared([dear, cheap], 3)] == [3, 0]
    assert [o.alarms for o in _shared([dear, cheap], 5)] == [3, 1]
    assert [o.alarms for o in _shared([dear, cheap], 10_000)] == [3, 3]

"""A long file is counted in parts, as sed_eval counts it whole."""

from itertools import pairwise

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.f1 import event_counts, event_f1
from sedkd.score.stretches import FEWEST_EVENTS, stretches

EVENTS = ("bell", "dog", "none")
COLLAR = 0.2


def long_file(seed: int) -> tuple[list[Event], list[Event]]:
    """Some 300 events of 20 minutes, many of them closer than the collar, and a system's detections; neither in
    order."""
    rng = np.random.default_rng(seed)
    onsets = np.round(rng.uniform(0, 1200, 300), 1)
    truth = [Event(float(onset), float(onset + rng.uniform(0.1, 3)), str(rng.choice(EVENTS))) for onset in onsets]
    heard = [
        Event(max(0.0, e.onset + rng.normal(0, 0.15)), e.offset + 0.5 + rng.normal(0, 0.2), e.event_label)
        for e in truth
        if rng.uniform() < 0.8
    ]
    rng.shuffle(heard)
    return truth, [Event(e.onset, max(e.offset, e.onset + 0.01), e.event_label) for e in heard]


def whole_by_sed_eval(truth: list[Event], heard: list[Event]):
    from sed_eval.sound_event import EventBasedMetrics

    metrics = EventBasedMetrics([f"class {name}" for name in EVENTS], t_collar=COLLAR, percentage_of_length=0.2)
    rows = [
        [{"event_onset": e.onset, "event_offset": e.offset, "event_label": f"class {e.event_label}"} for e in events]
        for events in (truth, heard)
    ]
    return metrics.evaluate(*rows)


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_over_stretches_are_what_sed_eval_counts_of_the_whole_file(seed: int) -> None:
    truth, heard = long_file(seed)
    whole = whole_by_sed_eval(truth, heard)
    counts = event_counts({"a.wav": truth}, {"a.wav": heard}, EVENTS)[0]
    expected = [[whole.class_wise[f"class {n}"][key] for key in ("Ntp", "Nsys", "Nref")] for n in EVENTS]
    assert counts.tolist() == expected
    hits = whole.overall["Ntp"]
    assert 0 < hits < len(heard)
    assert event_f1({"a.wav": truth}, {"a.wav": heard}).micro == 2 * hits / (len(heard) + len(truth))


def test_every_event_is_in_one_stretch_and_none_within_the_collar_of_another_stretch() -> None:
    truth, heard = long_file(0)
    parts = list(stretches(truth, heard, COLLAR))
    assert len(parts) > 3
    assert sorted(e for references, _ in parts for e in references) == sorted(truth)
    assert sorted(e for _, found in parts for e in found) == sorted(heard)
    onsets = [sorted(e.onset for events in part for e in events) for part in parts]
    assert all(len(part) >= FEWEST_EVENTS for part in onsets[:-1])
    assert all(later[0] - earlier[-1] > COLLAR for earlier, later in pairwise(onsets))


def test_a_match_at_the_collar_is_not_cut_apart() -> None:
    """One that nothing is near comes first, so that a cut after so many onsets would be between a pair."""
    pairs = [0.25 + 0.5 * k for k in range(FEWEST_EVENTS)]
    references = [Event(onset, onset + 0.125, "dog") for onset in (0.0, *pairs)]
    found = [Event(onset + 0.25, onset + 0.375, "dog") for onset in pairs]
    found_f1 = event_f1({"a": references}, {"a": found}, onset_collar=0.25, offset_collar=0.25).micro
    assert found_f1 == 2 * len(pairs) / (len(references) + len(found))


@pytest.mark.parametrize("events", [[], [Event(0.0, 1.0, "dog")]])
def test_a_short_file_is_one_stretch(events: list[Event]) -> None:
    assert list(stretches(events, [], COLLAR)) == [(events, [])]

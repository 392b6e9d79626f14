import itertools
from dataclasses import replace

import numpy as np
import pytest

from sedkd.synth.acoustics import Room, impulse_response, reverberate
from sedkd.synth.builtin import ENVIRONMENTS, render_clip
from sedkd.synth.mixer import GAP_SECONDS, Recipe, audible, mix
from sedkd.synth.recipes import RECIPES

RATE = 16_000
PLAIN = Recipe(events=("a", "b", "c", "d"), background_dbfs=(-40, -40), empty_share=0.0)


def _noise(label: str, rng: np.random.Generator, rate: int) -> tuple[np.ndarray, str]:
    """Steady noise of 0.1 to 3 s, so that every sample of it is active."""
    return rng.standard_normal(int(rng.uniform(0.1, 3) * rate), dtype=np.float32), label


def _silence(rng: np.random.Generator, rate: int, seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * rate), dtype=np.float32)


def _fixed(rng: np.random.Generator, rate: int, seconds: float) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(round(seconds * rate), dtype=np.float32)


def test_truth_is_where_energy_was_added() -> None:
    for seed in range(20):
        clip = mix(PLAIN, _noise, _silence, np.random.default_rng(seed), RATE)
        inside = np.zeros(len(clip.audio), dtype=bool)
        for event in clip.events:
            inside[round(event.onset * RATE) : round(event.offset * RATE)] = True
        assert not clip.audio[~inside].any()
        blocks = np.square(clip.audio).reshape(-1, 160).sum(axis=1)  # 10 ms
        assert (blocks > 0)[inside.reshape(-1, 160).all(axis=1)].all()


def test_snr_holds_during_the_event() -> None:
    recipe = replace(PLAIN, events=("a",), events_per_clip=(1, 1), snr_db=(6.0, 6.0))
    for seed in range(10):
        clip = mix(recipe, _noise, _fixed, np.random.default_rng(seed), RATE)
        bed = mix(replace(recipe, empty_share=1.0), _noise, _fixed, np.random.default_rng(seed), RATE).audio
        (event,) = clip.events
        span = slice(round(event.onset * RATE), round(event.offset * RATE))
        ratio = np.mean((clip.audio - bed)[span] ** 2) / np.mean(bed[span] ** 2)
        assert 10 * np.log10(ratio) == pytest.approx(6.0, abs=0.05)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_polyphony_and_the_gap_within_a_class_hold(environment: str) -> None:
    recipe = RECIPES[environment]
    empty, most = 0, 0
    for number in range(25):
        clip = render_clip(environment, "train", number)
        empty += not clip.events
        assert len(clip.events) <= recipe.events_per_clip[1]
        for event in clip.events:
            at_once = sum(other.onset <= event.onset < other.offset for other in clip.events)
            assert at_once <= recipe.max_polyphony
            most = max(most, at_once)
            assert 0 <= event.onset < event.offset <= recipe.clip_seconds
        for label in recipe.events:
            same = [event for event in clip.events if event.event_label == label]
            for first, second in itertools.pairwise(same):
                assert second.onset - first.offset >= GAP_SECONDS - 1e-9
        assert np.abs(clip.audio).max() <= 0.951
        assert clip.events == sorted(clip.events)
    assert most > 1
    assert empty < 10


def test_polyphony_of_one_means_that_nothing_overlaps() -> None:
    for seed in range(20):
        events = mix(replace(PLAIN, max_polyphony=1), _noise, _silence, np.random.default_rng(seed), RATE).events
        for first, second in itertools.pairwise(events):
            assert first.offset <= second.onset


def test_loud_clips_are_scaled_and_not_clipped() -> None:
    recipe = replace(PLAIN, snr_db=(60.0, 60.0))
    clip = mix(recipe, _noise, _fixed, np.random.default_rng(0), RATE)
    assert np.abs(clip.audio).max() == pytest.approx(0.95, abs=1e-3)


def test_the_same_state_gives_the_same_clip_and_some_clips_are_empty() -> None:
    recipe = replace(PLAIN, distractors=("d1",), empty_share=0.5)
    one, two = (mix(recipe, _noise, _fixed, np.random.default_rng(3), RATE) for _ in range(2))
    assert np.array_equal(one.audio, two.audio)
    assert one.events == two.events
    counts = [len(mix(recipe, _noise, _fixed, np.random.default_rng(seed), RATE).events) for seed in range(30)]
    assert 5 < counts.count(0) < 25


def test_events_longer_than_the_clip_are_cut_to_it() -> None:
    def long(label: str, rng: np.random.Generator, rate: int) -> tuple[np.ndarray, str]:
        return rng.standard_normal(20 * rate, dtype=np.float32), label

    clip = mix(replace(PLAIN, events=("a",)), long, _fixed, np.random.default_rng(0), RATE)
    (event,) = clip.events
    assert event.offset == pytest.approx(10.0, abs=0.021)


def test_audible_leaves_the_quiet_ends_out() -> None:
    sound = np.r_[np.full(1600, 1e-3), np.full(3200, 1.0), np.full(1600, 1e-3)].astype(np.float32)
    assert len(audible(sound, RATE)) == 3200


def test_rooms_differ_in_decay_and_hold_energy() -> None:
    rng = np.random.default_rng(0)
    dry, live = Room((0.05, 0.1), (10, 10), (0, 0)), Room((0.8, 0.9), (0, 0), (0, 0))
    assert len(impulse_response(dry, rng, RATE)) < len(impulse_response(live, rng, RATE))
    sound = rng.standard_normal(8000, dtype=np.float32)
    wet = reverberate(sound, impulse_response(live, rng, RATE))
    assert np.sum(wet**2) / np.sum(sound**2) == pytest.approx(1, abs=0.3)


def test_impossible_recipes_are_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        replace(PLAIN, weights=(1.0,))
    with pytest.raises(ValueError, match="each class once"):
        replace(PLAIN, events=("a", "a"))

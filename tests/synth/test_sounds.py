import numpy as np
import pytest

from sedkd.errors import UserError
from sedkd.synth.backgrounds import BEDS, background
from sedkd.synth.recipes import RECIPES
from sedkd.synth.sounds import DISTRACTORS, EVENTS, render

RATE = 16_000
EVERY = [*EVENTS, *DISTRACTORS]


def _render(label: str, source: int, take: int) -> np.ndarray:
    return render(label, np.random.default_rng(source), RATE, np.random.default_rng(take))


def _spectrum(sound: np.ndarray) -> np.ndarray:
    """Share of energy in each of 40 bands, normalised, [40]."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    bands = np.array([part.sum() for part in np.array_split(power, 40)])
    return np.sqrt(bands / bands.sum())


@pytest.mark.parametrize("label", EVERY)
def test_every_sound_is_finite_audio_of_plausible_length(label: str) -> None:
    for seed in range(6):
        sound = _render(label, seed, 100 + seed)
        assert sound.dtype == np.float32
        assert sound.ndim == 1
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(1, abs=1e-4)
        assert 0.04 * RATE < len(sound) < 9 * RATE


@pytest.mark.parametrize("label", EVERY)
def test_the_same_seeds_give_the_same_sound_and_another_take_another(label: str) -> None:
    assert np.array_equal(_render(label, 3, 4), _render(label, 3, 4))
    assert not np.array_equal(_render(label, 3, 4), _render(label, 3, 5))


def test_takes_of_one_source_are_more_alike_than_sources() -> None:
    """On average over all labels, by the similarity of long-term spectra."""
    within, between = [], []
    for label in EVENTS:
        first = _spectrum(_render(label, 1, 10))
        within.append(first @ _spectrum(_render(label, 1, 11)))
        between.append(first @ _spectrum(_render(label, 2, 11)))
    assert np.mean(within) > np.mean(between) + 0.05


@pytest.mark.parametrize("rate", [8_000, 22_050])
def test_other_rates_work(rate: int) -> None:
    for label in EVERY:
        sound = render(label, np.random.default_rng(0), rate)
        assert np.isfinite(sound).all()


def test_every_name_in_the_recipes_can_be_rendered() -> None:
    for recipe in RECIPES.values():
        assert set(recipe.events) <= set(EVENTS)
        assert set(recipe.distractors) <= set(EVERY)
        assert not set(recipe.distractors) & set(recipe.events)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UserError, match="no procedural sound named 'dragon'"):
        render("dragon", np.random.default_rng(0), RATE)


@pytest.mark.parametrize("scene", BEDS)
def test_backgrounds_have_unit_level_and_the_length_asked_for(scene: str) -> None:
    sound = background(scene, np.random.default_rng(0), RATE, 2.5)
    assert sound.shape == (40_000,)
    assert sound.dtype == np.float32
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1, rel=1e-3)
    assert np.array_equal(sound, background(scene, np.random.default_rng(0), RATE, 2.5))
    assert np.abs(sound).max() < 8


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(UserError, match="known: street"):
        background("moon", np.random.default_rng(0), RATE, 1)

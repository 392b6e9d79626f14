"""A teacher's attention lies on the student's frequencies."""

from dataclasses import replace

import pytest
import torch

from sedkd.features.logmel import mel_filters
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.teach.attention_bands import BANDS, band_edges, on_student_bands


def centres(heard: FeatureSettings, bands: int) -> torch.Tensor:
    """Of the bands of a map, in Hz, by the filters themselves."""
    filters = mel_filters(heard)
    hertz = torch.arange(len(filters)) * heard.rate / heard.n_fft
    found = (filters * hertz[:, None]).sum(0) / filters.sum(0).clamp(min=1e-9)
    return found.reshape(bands, -1).mean(1)


@pytest.mark.parametrize("heard", [STUDENT_FEATURES, AUDIOSET_FEATURES])
def test_edges_enclose_what_the_filters_are_centred_at(heard: FeatureSettings) -> None:
    edges = 700 * (10 ** (band_edges(heard, 16) / 2595) - 1)
    found = centres(heard, 16)
    assert (edges[:-1] < found).all()
    assert (found < edges[1:]).all()


def test_what_a_teacher_of_another_range_looks_at_stays_at_its_frequency() -> None:
    """A tone that it hears in one of its bands lies in the student's band of that frequency, and what is above the
    student's 8 kHz in none."""
    theirs, own = centres(AUDIOSET_FEATURES, 16), centres(STUDENT_FEATURES, BANDS)
    found = on_student_bands(torch.eye(16), AUDIOSET_FEATURES)
    for hertz, energy in zip(theirs[1:], found[1:], strict=True):
        if hertz < 7000:
            nearest = int((own - hertz).abs().argmin())
            assert abs(int(energy.argmax()) - nearest) <= 1
            assert float((energy * own).sum() / energy.sum()) == pytest.approx(float(hertz), rel=0.1)
        elif hertz > 9000:
            assert not energy.any()
    assert on_student_bands(torch.full((3, 16), 0.7), AUDIOSET_FEATURES) == pytest.approx(torch.full((3, BANDS), 0.7))


@pytest.mark.parametrize("bands", [4, 16, 24])
def test_of_the_same_range_nothing_changes(bands: int) -> None:
    energy = torch.rand(5, bands)
    assert on_student_bands(energy, replace(STUDENT_FEATURES, n_mels=128)) is energy


def test_what_a_teacher_cannot_hear_gets_its_nearest_band() -> None:
    telephone = replace(STUDENT_FEATURES, rate=8000, f_min=300.0, f_max=3400.0)
    found = on_student_bands(torch.arange(1.0, 9.0)[None], telephone)[0]
    assert found[0] == 1.0
    assert found[-1] == 8.0
    assert (found.diff() >= 0).all()

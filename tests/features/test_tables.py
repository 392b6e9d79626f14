"""Log-mel features without torch are those with it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from sedkd.features.logmel import LogMel
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.features.tables import KEPT, OF_FILTERS, NumpyLogMel, filters_of, window_of

SETTINGS = [
    STUDENT_FEATURES,
    FeatureSettings(22050, 1024, 600, 256, 40, 0.0, 7000.0, offset=1e-3, shift=1.0, scale=2.0),
]


def test_what_is_kept_is_what_torch_makes() -> None:
    made = LogMel(STUDENT_FEATURES)
    with np.load(KEPT) as kept:
        np.testing.assert_array_equal(kept["filters"], made.filters.numpy())
        np.testing.assert_array_equal(kept["window"], made.hann.numpy())
    assert set(OF_FILTERS) <= set(STUDENT_FEATURES.as_dict())


@pytest.mark.parametrize("name", OF_FILTERS)
def test_other_settings_have_their_own(name: str) -> None:
    """A setting of the tables that differs is not answered with what is kept."""
    others = {"rate": 22050, "n_fft": 1024, "window": 400, "n_mels": 32, "f_min": 0.0, "f_max": 7000.0}
    settings = replace(STUDENT_FEATURES, **{name: others.get(name, "kaldi")})
    np.testing.assert_allclose(filters_of(settings), LogMel(settings).filters.numpy(), atol=1e-5)
    assert window_of(settings).sum() == pytest.approx(float(LogMel(settings).hann.sum()))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("samples", [1024, 4801, 48000])
def test_frames_of_a_whole_signal(settings: FeatureSettings, samples: int) -> None:
    sound = np.random.default_rng(samples).standard_normal(samples) * np.linspace(0, 1, samples) ** 4
    expected = LogMel(settings).double()(torch.from_numpy(sound)[None])[0].numpy()
    found = NumpyLogMel(settings)(sound.astype(np.float64))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_what_no_student_has_is_refused() -> None:
    with pytest.raises(ValueError, match="pre-emphasis"):
        NumpyLogMel(AUDIOSET_FEATURES)


@pytest.mark.parametrize("n_mels", [8, 24, 40])
def test_students_of_fewer_bands_hear_without_torch(n_mels: int) -> None:
    settings = replace(STUDENT_FEATURES, n_mels=n_mels, hop=640)
    code = (
        "import sys\nfrom sedkd.features.settings import FeatureSettings\n"
        "from sedkd.features.tables import filters_of\n"
        f"filters = filters_of(FeatureSettings(**{settings.as_dict()}))\n"
        "assert 'torch' not in sys.modules\nprint(filters.shape[1])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(n_mels)
    sound = np.random.default_rng(n_mels).standard_normal(16000)
    expected = LogMel(settings).double()(torch.from_numpy(sound)[None])[0].numpy()
    np.testing.assert_allclose(NumpyLogMel(settings)(sound), expected, atol=1e-4)

"""Numbers and labels survive being written as C."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sedkd.device.literals import array, real, text
from sedkd.device.tables import source
from sedkd.export.reading import read_bundle
from sedkd.score.thresholding import at_least


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.1, 1e-6, 3.4e38, 1e-45, 123456789.0])
def test_a_float_reads_back(value: float) -> None:
    written = real(value)
    assert written.endswith("f")
    assert "." in written or "e" in written  # 1f is no C
    assert np.float32(written[:-1]) == np.float32(value)


def test_texts() -> None:
    assert text("dog bark") == '"dog bark"'
    assert text('a"b\\c?1é') == '"a\\042b\\134c\\0771\\303\\251"'


def test_arrays_break_their_lines() -> None:
    written = array("int", "n", np.arange(100))
    assert written.startswith("const int n[100] = {\n    0, 1, 2")
    assert max(map(len, written.splitlines())) <= 120
    assert array("float", "m", np.ones((2, 1))) == (
        "const float m[2][1] = {\n    {\n        1.0f\n    },\n    {\n        1.0f\n    }\n};\n"
    )


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.35, 0.5, 0.9, 1 / 3])
def test_a_threshold_parts_the_same_probabilities(threshold: float) -> None:
    """Python compares 32-bit probabilities with a 64-bit threshold, C with a 32-bit one."""
    near = np.float32(threshold)
    for probability in (np.nextafter(near, np.float32(0)), near, np.nextafter(near, np.float32(1))):
        assert (float(probability) >= threshold) == (probability >= at_least(threshold))


@pytest.mark.parametrize("change", [{"preemphasis": 0.97}, {"n_fft": 500}, {"hop": 160}])
def test_features_that_the_c_front_end_does_not_compute(causal_export: Path, change: dict[str, float]) -> None:
    bundle = read_bundle(causal_export)
    assert bundle.stream is not None
    with pytest.raises(ValueError, match="the C front end needs"):
        source(replace(bundle, features=replace(bundle.features, **change)), bundle.stream)

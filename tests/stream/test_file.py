"""A file through an export for streams: what scoring heard, however long it is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from exported import RATE, moving_student, noise, scored, write_export

from sedkd.export.onnx_model import Detector
from sedkd.export.reading import read_bundle
from sedkd.models.settings import HEADS, StudentSettings
from sedkd.models.student import Student
from sedkd.stream.detect import file_probabilities

FP16 = 0.04  # scoring's features are stored with three digits


@pytest.fixture(scope="module", params=HEADS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Student, Path]:
    student = moving_student(StudentSettings(4, 2, head=request.param, lookahead=160))
    return student, write_export(student, tmp_path_factory.mktemp("exports"))


@pytest.mark.parametrize("seconds", [0.01, 0.3, 9.93, 10.05, 47.31])
def test_answers_are_those_of_the_whole_and_of_scoring(
    exported: tuple[Student, Path], tmp_path: Path, seconds: float
) -> None:
    student, folder = exported
    audio = noise(seconds)[:, 0]
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    told: list[tuple[int, int]] = []
    found = file_probabilities(read_bundle(folder), tmp_path / "a.wav", lambda *now: told.append(now))
    assert told[-1][0] == told[-1][1] == len(told)
    with torch.inference_mode():
        expected = Detector(student).eval()(torch.from_numpy(np.pad(audio, (0, max(512 - len(audio), 0))))[None])[0]
    np.testing.assert_allclose(found, expected.numpy()[: len(found)], atol=1e-5)
    assert np.abs(found - scored(student, tmp_path / "a.wav")).max() < FP16

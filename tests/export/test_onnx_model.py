"""The exported graph answers as torch does, for every kind of student and any length of audio."""

import copy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from sedkd.data.audio import read_audio
from sedkd.export.onnx_model import MAX_DIFFERENCE, Detector, checked_difference, export_onnx
from sedkd.export.session import minimum_samples, open_session
from sedkd.export.stream_model import checked_stream, export_stream
from sedkd.features.logmel import LogMel
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import BLOCKS, HEADS, StudentSettings
from sedkd.models.student import Student

RATE = STUDENT_FEATURES.rate


def random_student(block: str, head: str) -> Student:
    """Untrained, but normalised and scaled so that its probabilities go up and down."""
    torch.manual_seed(0)
    student = Student(StudentSettings(8, 3, block, head), ("a", "b", "c"))
    with torch.no_grad():
        features = LogMel(STUDENT_FEATURES)(torch.from_numpy(noise(20 * RATE))[None])[:, :1000]
        student.standardise_by(features[0].mean(0), features[0].std(0))
        for module in student.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # take the statistics of what comes
        student.train()(features)
        logits = student.eval()(features).logits[0]
        scale = 2 / logits.std(0)
        student.classifier.weight.mul_(scale[:, None])
        student.classifier.bias.copy_((student.classifier.bias - logits.mean(0)) * scale)
    return student


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """Bursts of noise, so that frames differ."""
    generator = np.random.default_rng(seed)
    loudness = np.repeat(10.0 ** generator.uniform(-4, -0.5, samples // 4000 + 1), 4000)[:samples]
    return (loudness * generator.standard_normal(samples)).astype(np.float32)


EVERY = [(block, head) for block in BLOCKS for head in HEADS] + [("timm:mobilenetv3_small_050", "none")]
QUICK = (("separable", "none"), ("conv", "gru"))
KINDS = [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in EVERY]


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Student, Path]:
    student = random_student(*request.param)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(student, path)
    return student, path


def test_lengths_and_probabilities_are_torchs(exported: tuple[Student, Path]) -> None:
    student, path = exported
    lengths = (100, 320, 512, 1279, 1280, 1281, 3 * 1280 + 321, 48123, 10 * RATE, 25 * RATE + 7)
    assert checked_difference(path, student, [noise(n, seed) for seed, n in enumerate(lengths)]) < 1e-5


def test_real_audio(exported: tuple[Student, Path], shared: Path) -> None:
    student, path = exported
    files = sorted((shared / "data" / "esc10").glob("*/*.ogg"))[::80]
    assert checked_difference(path, student, [read_audio(file, RATE) for file in files]) < 1e-5


def test_batch_is_free_and_the_answers_vary(exported: tuple[Student, Path]) -> None:
    student, path = exported
    batch = np.stack([noise(RATE, seed) for seed in range(3)])
    session = open_session(path)
    answer = session.run(None, {"audio": batch})[0]
    assert answer.shape == (3, 13, 3)  # 50 feature frames, rounded up to a multiple of four
    assert answer.std(axis=(0, 1)).min() > 0.1
    for row, samples in zip(answer, batch, strict=True):
        np.testing.assert_allclose(row, session.run(None, {"audio": samples[None]})[0][0], atol=1e-5)
    with torch.inference_mode():
        np.testing.assert_allclose(answer, Detector(student)(torch.from_numpy(batch)).numpy(), atol=1e-5)


def test_weights_lie_inside_and_the_student_is_left_alone(exported: tuple[Student, Path]) -> None:
    student, path = exported
    assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]
    assert (student.gru is None) == (student.settings.head != "gru")
    assert student.gru is None or isinstance(student.gru, torch.nn.GRU)


def test_another_students_graph_is_refused(exported: tuple[Student, Path]) -> None:
    student, path = exported
    other = random_student(student.settings.block, student.settings.head)
    with torch.no_grad():
        other.classifier.bias.add_(100 * MAX_DIFFERENCE)
    with pytest.raises(RuntimeError, match="differ by"):
        checked_difference(path, other, [noise(RATE)])
    with pytest.raises(ValueError, match="at least one waveform"):
        checked_difference(path, student, [])


def test_minimum_samples_hold_one_frame_and_the_reflection() -> None:
    assert minimum_samples(STUDENT_FEATURES) == 512


@pytest.mark.parametrize("stream", [False, True])
def test_answers_that_are_no_numbers_are_refused(stream: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    good = Student(StudentSettings(4, 2, lookahead=0), ("a", "b")).eval()
    bad = copy.deepcopy(good)
    with torch.no_grad():
        bad.classifier.bias[0] = torch.nan
    audio, path = [noise(16_000), noise(8_000, 1)], tmp_path / "bad.onnx"
    if stream:
        check = partial(checked_stream, path, export_stream(bad, path), good, audio)
    else:
        export_onnx(bad, path)
        check = partial(checked_difference, path, good, audio)
    with pytest.raises(RuntimeError, match="differ by nan"):
        check()

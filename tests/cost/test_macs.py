"""MACs by hand, and against torch's own counter."""

import itertools

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sedkd.cost.macs import count_macs, feature_macs_per_second, macs_per_second, parameter_count, weight_bytes
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES
from sedkd.models.audioset import AudioSetNet
from sedkd.models.settings import BLOCKS, HEADS, MAX_DEPTH, StudentSettings
from sedkd.models.student import Student
from sedkd.models.timm_net import TimmNet

LABELS = ("a", "b", "c")


def torchs(model: nn.Module, example: torch.Tensor) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(example)
    return counter.get_total_flops() / 2


@pytest.mark.parametrize(
    ("layer", "shape", "macs"),
    [
        # Output positions x kernel x input channels x output channels.
        (nn.Conv2d(3, 8, 3, padding=1), (1, 3, 10, 12), 10 * 12 * 9 * 3 * 8),
        (nn.Conv2d(3, 8, (5, 3), stride=2), (2, 3, 11, 13), 2 * 4 * 6 * 15 * 3 * 8),
        (nn.Conv2d(6, 6, 3, padding=1, groups=6), (1, 6, 10, 12), 10 * 12 * 9 * 6),
        (nn.Conv2d(6, 4, 3, padding=1, groups=2), (1, 6, 10, 12), 10 * 12 * 9 * 3 * 4),
        (nn.Conv2d(3, 8, 5, padding="same"), (1, 3, 10, 12), 10 * 12 * 25 * 3 * 8),
        (nn.Conv2d(6, 6, 3, padding="same", groups=6), (1, 6, 10, 12), 10 * 12 * 9 * 6),
        (nn.Conv1d(4, 8, 3, padding="same", dilation=2), (2, 4, 30), 2 * 30 * 3 * 4 * 8),
        (nn.Conv1d(4, 8, 3, padding="valid"), (1, 4, 30), 28 * 3 * 4 * 8),
        (nn.Linear(20, 7), (1, 13, 20), 13 * 20 * 7),
        (nn.Linear(20, 7, bias=False), (4, 20), 4 * 20 * 7),
        # Gates x hidden x (inputs + hidden) per step.
        (nn.GRU(5, 7, batch_first=True), (1, 11, 5), 11 * 3 * 7 * (5 + 7)),
        (nn.GRU(5, 7, batch_first=True, bidirectional=True), (2, 11, 5), 2 * 11 * 2 * 3 * 7 * (5 + 7)),
        (nn.GRU(5, 7, num_layers=2, bidirectional=True), (11, 2, 5), 22 * 2 * 3 * 7 * ((5 + 7) + (14 + 7))),
        (nn.GRU(5, 7, bias=False), (11, 1, 5), 11 * 3 * 7 * (5 + 7)),
        (nn.LSTM(5, 7, batch_first=True), (1, 11, 5), 11 * 4 * 7 * (5 + 7)),
        (nn.LSTM(5, 7, num_layers=2, bidirectional=True), (11, 3, 5), 33 * 2 * 4 * 7 * ((5 + 7) + (14 + 7))),
        (nn.BatchNorm2d(3), (1, 3, 10, 12), 0),
        (nn.AdaptiveAvgPool2d(1), (1, 3, 10, 12), 0),
    ],
)
def test_layers_by_hand(layer: nn.Module, shape: tuple[int, ...], macs: int) -> None:
    model = nn.Sequential(layer)
    if not list(layer.parameters()):
        model.append(nn.Conv2d(3, 1, 1))
        macs += 3 * layer(torch.zeros(shape)).shape[2:].numel()
    assert count_macs(model, torch.zeros(shape)) == macs


def test_a_student_by_hand() -> None:
    """One second is 50 feature frames: the stem makes 25 x 32 of 50 x 64, the first pooling 12.5 frames."""
    student = Student(StudentSettings(4, 2, "separable", "gru"), LABELS)
    stem = 25 * 32 * 9 * 4
    first = 25 * 32 * (9 * 4 + 4 * 4)
    second = 12.5 * 16 * (9 * 4 + 4 * 8)
    gru = 12.5 * 2 * 3 * 4 * (8 + 4)
    assert macs_per_second(student) == stem + first + second + gru + 12.5 * 8 * 3


BACKBONES = ("mobilenet", "timm:mobilenetv3_small_050")  # whose counting takes seconds, and whose heads are the same
PAIRS = [
    pytest.param(block, head, marks=pytest.mark.slow if block in BACKBONES and head != "none" else ())
    for block, head in itertools.product((*BLOCKS, BACKBONES[1]), HEADS)
]


@pytest.mark.parametrize(("block", "head"), PAIRS)
def test_students_against_torchs_counter(block: str, head: str) -> None:
    for depth in range(1, MAX_DEPTH + 1):
        student = Student(StudentSettings(6, depth, block, head), LABELS)
        expected = torchs(student, torch.zeros(1, 500, 64)) / 10
        assert macs_per_second(student) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["resnet10t", "mobilenetv3_small_050"])
def test_timm_against_torchs_counter(name: str) -> None:
    model = TimmNet(name, LABELS)
    assert macs_per_second(model) == pytest.approx(torchs(model, torch.zeros(1, 500, 64)) / 10, rel=1e-6)


def test_audioset_against_torchs_counter() -> None:
    model = AudioSetNet(0.4, LABELS)
    assert macs_per_second(model) == pytest.approx(torchs(model, torch.zeros(1, 1000, 128)) / 10, rel=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(training: bool) -> None:
    student = Student(StudentSettings(4, 2), LABELS).train(training)
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    macs_per_second(student)
    assert student.training is training
    assert all(torch.equal(before[name], tensor) for name, tensor in student.state_dict().items())


def test_sizes() -> None:
    model = nn.Sequential(nn.Conv1d(2, 3, 5), nn.BatchNorm1d(3))
    assert parameter_count(model) == 2 * 3 * 5 + 3 + 3 + 3
    # Running mean and variance, and an 8-byte counter.
    assert weight_bytes(model) == 4 * (parameter_count(model) + 3 + 3) + 8


def test_features() -> None:
    """FFT of 512 points: 256 x 9; window 512; power 2 x 257; 50 frames a second. Neighbouring triangles overlap, so
    that nearly every bin between 50 Hz and 8 kHz counts twice: bins 2 to 255 of 31.25 Hz each."""
    mel = feature_macs_per_second(STUDENT_FEATURES) / 50 - (512 + 256 * 9 + 2 * 257)
    assert mel == pytest.approx(2 * 254, rel=0.03)
    mel = feature_macs_per_second(AUDIOSET_FEATURES) / 100 - (800 + 512 * 10 + 2 * 513)
    assert mel == pytest.approx(2 * 15000 / 31.25, rel=0.03)

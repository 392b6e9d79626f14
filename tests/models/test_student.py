"""The student family: shapes for every member, and how far its cost spans."""

import itertools
from pathlib import Path

import pytest
import torch
import yaml

from sedkd.cost.macs import macs_per_second
from sedkd.models.bodies import block_channels
from sedkd.models.settings import BLOCKS, HEADS, MAX_DEPTH, STRIDE, StudentSettings
from sedkd.models.student import Student, student_from

LABELS = ("a", "b", "c")
EVERY = list(itertools.product(BLOCKS, HEADS, range(1, MAX_DEPTH + 1)))


@pytest.mark.parametrize(("block", "head", "depth"), EVERY)
@pytest.mark.parametrize("width", [2, 7])
def test_shapes(block: str, head: str, depth: int, width: int) -> None:
    student = Student(StudentSettings(width, depth, block, head), LABELS).eval()
    with torch.inference_mode():
        for frames in (1, 13):
            output = student(torch.randn(2, STRIDE * frames, 64))
            assert output.logits.shape == (2, frames, 3)
            assert output.embedding.shape == (2, frames, student.embedding_size)
            expected = torch.nn.functional.linear(output.embedding, student.classifier.weight, student.classifier.bias)
            torch.testing.assert_close(output.logits, expected)
    assert student.frame_seconds == pytest.approx(0.08)


def test_channels() -> None:
    assert block_channels(8, 5) == [8, 16, 16, 32, 32]
    assert block_channels(8, 2) == [8, 16]


def test_rebuilt_from_its_configuration() -> None:
    student = Student(StudentSettings(6, 4, "conv", "gru"), LABELS).eval()
    twin = student_from(student.config()).eval()
    twin.load_state_dict(student.state_dict())
    example = torch.randn(1, 40, 64)
    torch.testing.assert_close(twin(example).logits, student(example).logits)
    assert (twin.settings, twin.labels, twin.features) == (student.settings, student.labels, student.features)


def test_features_are_standardised() -> None:
    student = Student(StudentSettings(4, 2), LABELS).eval()
    example = torch.randn(1, 40, 64)
    expected = student(example).logits
    mean, std = torch.randn(64), torch.rand(64) + 0.5
    student.standardise_by(mean, std)
    torch.testing.assert_close(student(example * std + mean).logits, expected, atol=1e-4, rtol=1e-4)
    assert {"mean", "std"} <= set(student.state_dict())


def test_a_frame_depends_on_its_surroundings_only() -> None:
    torch.manual_seed(0)
    student = Student(StudentSettings(8, 5, "conv"), LABELS).double().eval()
    example = torch.randn(1, 400, 64, dtype=torch.float64)
    with torch.inference_mode():
        before = student(example).logits[0]
        example[0, 200] += 50
        moved = (student(example).logits[0] - before).abs().amax(1) > 0
    assert moved[200 // STRIDE]
    assert moved.nonzero().min() >= 200 // STRIDE - 5
    assert moved.nonzero().max() <= 200 // STRIDE + 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "student.width must be at least 1"),
        ({"width": 1, "depth": 1, "head": "gru"}, "student.width 1 needs a student.depth of 2 or more"),
        ({"depth": 0}, "student.depth must lie in 1..5"),
        ({"depth": 6}, "student.depth must lie in 1..5"),
        ({"block": "mlp"}, "student.block must be one of conv, separable"),
        ({"head": "lstm"}, "student.head must be one of none, gru"),
    ],
)
def test_settings_are_checked(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StudentSettings(**changes)


def test_the_default_space_spans_two_orders_of_magnitude() -> None:
    path = Path(__file__).parents[2] / "spaces" / "default.yaml"
    space = yaml.safe_load(path.read_text())["dimensions"]
    width, depth = space["student.width"], space["student.depth"]
    ends = itertools.product(
        (width["low"], width["high"]),
        (depth["low"], depth["high"]),
        space["student.block"]["of"],
        space["student.head"]["of"],
    )
    costs = [macs_per_second(Student(StudentSettings(*end), LABELS)) for end in ends]
    assert max(costs) >= 100 * min(costs)
    assert min(costs) < 0.15e6
    assert max(costs) >= 20e6

"""Students for streams: what an answer knows, what it costs, and what stays as it was for all others."""

import itertools

import pytest
import torch

from sedkd.cost.algorithmic import algorithmic_latency
from sedkd.cost.macs import macs_per_second
from sedkd.features.logmel import LogMel
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.settings import HEADS, MAX_DEPTH, STRIDE, TCN_PAST, StudentSettings
from sedkd.models.student import Student, student_from

LABELS = ("a", "b", "c")
EVERY = list(itertools.product(("conv", "separable"), HEADS, range(1, MAX_DEPTH + 1), (0, 80, 160, 480, 960)))


def heard(student: Student, answer: int, frames: int) -> list[int]:
    """The feature frames on which an answer depends."""
    features = torch.randn(1, frames * STRIDE, 64, requires_grad=True)
    logits = student(features).logits
    assert logits.shape[1] == frames
    (found,) = torch.autograd.grad(logits[0, answer].sum(), features)
    return found[0].abs().sum(1).nonzero()[:, 0].tolist()


def open_student(depth: int, block: str, head: str, lookahead: int | str, hop: int = 20) -> Student:
    """One in which nothing is rectified to 0."""
    torch.manual_seed(0)
    student = Student(StudentSettings(3, depth, block, head, lookahead, hop=hop), LABELS).eval()
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.constant_(module.bias, 3.0)
    return student


@pytest.mark.parametrize(("block", "head", "depth", "lookahead"), EVERY)
def test_an_answer_knows_what_it_is_said_to_know(block: str, head: str, depth: int, lookahead: int) -> None:
    student = open_student(depth, block, head, lookahead)
    frames = heard(student, 12, 30)
    assert frames[-1] == (12 + 1 + student.delay) * STRIDE - 1
    assert student.delay == min(lookahead // 80, {"none": depth - 1, "tcn": depth - 1 + 7, "gru": 99}[head])
    waiting = algorithmic_latency(student)
    assert waiting == pytest.approx((frames[-1] + 1 - 12 * STRIDE) * 0.02)  # half a window ends within a hop
    assert head == "gru" or frames[0] <= 12 * STRIDE  # it hears its own frame, whole, and as much before as ahead
    assert head == "gru" or 12 * STRIDE - frames[0] >= student.delay * STRIDE


@pytest.mark.parametrize("hop", [20, 40])
@pytest.mark.parametrize("lookahead", [0, 160])
def test_an_answer_waits_for_no_sound_that_it_does_not_need(lookahead: int, hop: int) -> None:
    student = open_student(3, "separable", "none", lookahead, hop)
    log_mel, rate, frame = LogMel(student.features), student.features.rate, 5
    sound = torch.randn(1, 2 * rate)
    begins = round(frame * student.frame_seconds * rate)
    waits = algorithmic_latency(student)
    assert waits is not None

    def answer(heard: torch.Tensor) -> torch.Tensor:
        features = log_mel(heard)
        return student(features[:, : features.shape[1] // student.stride * student.stride]).logits[0, frame]

    def changed_from(seconds: float) -> bool:
        other = sound.clone()
        other[:, begins + round(seconds * rate) :] += 1.0
        return not torch.equal(answer(other), answer(sound))

    assert not changed_from(waits)
    assert changed_from(waits - hop / 1000 + 0.01)  # within the window of the last spectrum


@pytest.mark.parametrize(("block", "head", "depth", "lookahead"), EVERY[::7])
def test_shapes_are_those_of_all_students(block: str, head: str, depth: int, lookahead: int) -> None:
    student, other = (Student(StudentSettings(5, depth, block, head, ahead), LABELS) for ahead in (lookahead, "full"))
    for frames in (1, 13):
        features = torch.randn(2, STRIDE * frames, 64)
        output, expected = student(features), other(features)
        assert [part.shape for part in output if part is not None] == [part.shape for part in expected]
        torch.testing.assert_close(output.logits, student.classifier(output.embedding))


def test_only_recordings_are_heard_whole() -> None:
    assert algorithmic_latency(Student(StudentSettings(4, 2), LABELS)) is None


def test_what_it_costs() -> None:
    """The convolutions as much as those of others; the GRU one direction of twice the width."""
    for block, lookahead in itertools.product(("conv", "separable"), (0, 480)):
        plain, causal = (Student(StudentSettings(4, 3, block, "none", ahead), LABELS) for ahead in ("full", lookahead))
        assert macs_per_second(causal) == pytest.approx(macs_per_second(plain), rel=1e-12)
    gru = Student(StudentSettings(4, 2, "separable", "gru", 480), LABELS)
    none = Student(StudentSettings(4, 2, "separable", "none", 480), LABELS)
    tcn = Student(StudentSettings(4, 2, "separable", "tcn", 480), LABELS)
    assert macs_per_second(gru) - macs_per_second(none) == pytest.approx(12.5 * 3 * 8 * (8 + 8), rel=1e-12)
    assert macs_per_second(tcn) - macs_per_second(none) == pytest.approx(12.5 * 3 * 8 * (3 + 8), rel=1e-12)


def test_a_tcn_hears_as_far_as_it_is_said_to() -> None:
    for lookahead, past, future in ((0, TCN_PAST, 0), ("full", TCN_PAST // 2, TCN_PAST // 2)):
        plain, tcn = (heard(open_student(2, "conv", head, lookahead), 25, 50) for head in ("none", "tcn"))
        assert (plain[0] - tcn[0], tcn[-1] - plain[-1]) == (past * STRIDE, future * STRIDE)


def test_names_of_what_was_made_before_stay() -> None:
    settings = StudentSettings(8, 3, "conv", "gru")
    assert settings.as_key() == {"width": 8, "depth": 3, "block": "conv", "head": "gru"}
    assert repr(settings) == "StudentSettings(width=8, depth=3, block='conv', head='gru')"
    assert "lookahead" not in Student(settings, LABELS).config()
    assert repr(StudentSettings(lookahead=0)).endswith("lookahead=0)")


def test_rebuilt_from_its_file(tmp_path) -> None:
    student = Student(StudentSettings(4, 2, "conv", "gru", 160), LABELS).eval()
    save_model(student, tmp_path / "student.safetensors")
    twin = load_model(tmp_path / "student.safetensors")
    assert isinstance(twin, Student)
    assert twin.settings == student.settings
    features = torch.randn(1, 40, 64)
    torch.testing.assert_close(twin(features).logits, student(features).logits)
    plain = Student(StudentSettings(4, 2), LABELS)
    assert student_from(plain.config()).settings == plain.settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lookahead": 100}, "must be full, or a multiple of 80 ms up to 960, not 100"),
        ({"lookahead": -80}, "not -80"),
        ({"lookahead": 1040}, "not 1040"),
        ({"lookahead": "all"}, "not all"),
        ({"lookahead": True}, "not True"),
        ({"lookahead": 160.0}, "not 160.0"),
        (
            {"lookahead": 0, "block": "mobilenet"},
            "needs student.block conv or separable, not mobilenet",
        ),
        ({"lookahead": 0, "block": "timm:resnet10t"}, "needs student.block conv or separable, not timm:resnet10t"),
    ],
)
def test_settings_are_checked(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StudentSettings(**changes)

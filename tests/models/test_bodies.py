"""The bodies that have published weights: MobileNetV3's lower layers and timm's levels, at the student's frame rate."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from sedkd.cost.macs import parameter_count
from sedkd.errors import UserError
from sedkd.models.audioset import mobilenet
from sedkd.models.bodies import MOBILENET_LAYERS, body
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.settings import MAX_DEPTH, STRIDE, StudentSettings
from sedkd.models.student import Student, student_from

LABELS = ("a", "b")
KINDS = ("mobilenet", "timm:resnet10t", "timm:mobilenetv3_small_050")


@pytest.mark.parametrize("block", KINDS)
@pytest.mark.parametrize("depth", range(1, MAX_DEPTH + 1))
def test_frames_and_maps(block: str, depth: int) -> None:
    student = Student(StudentSettings(8, depth, block, "gru"), LABELS).eval()
    with torch.inference_mode():
        for frames in (1, 13, 64):
            output = student(torch.randn(2, STRIDE * frames, 64))
            assert output.logits.shape == (2, frames, 2)
            assert output.embedding.shape == (2, frames, student.embedding_size)
            assert output.feature_map is not None
            assert output.feature_map.shape[2] == frames
            assert output.feature_map.shape[3] >= 16


@pytest.mark.parametrize("block", KINDS)
def test_deeper_is_larger(block: str) -> None:
    """What lies behind the last layer that is used is not kept."""
    sizes = [parameter_count(body(block, 8, depth, 64).blocks) for depth in range(1, MAX_DEPTH + 1)]
    assert all(small < 0.9 * large for small, large in pairwise(sizes))


@pytest.mark.parametrize("block", KINDS)
def test_a_sound_is_heard_where_it_is(block: str) -> None:
    torch.manual_seed(0)
    student = Student(StudentSettings(8, 4, block), LABELS).eval()
    example = torch.randn(1, 512, 64)
    with torch.inference_mode():
        before = student(example)
        example[0, 256:264] += 3
        after = student(example)
    change = (after.embedding[0] - before.embedding[0]).norm(dim=1)
    below = (after.feature_map[0] - before.feature_map[0]).norm(dim=(0, 2))
    assert abs(int(change.argmax()) - 64.5) <= 3
    assert abs(int(below.argmax()) - 64.5) <= 1


def test_a_band_is_told_from_another() -> None:
    """The map's last axis is frequency, not time."""
    torch.manual_seed(0)
    student = Student(StudentSettings(8, 3, "mobilenet"), LABELS).eval()
    example = torch.randn(1, 128, 64)
    with torch.inference_mode():
        before = student(example).feature_map[0]
        example[0, :, 40:44] += 3
        change = (student(example).feature_map[0] - before).norm(dim=(0, 1))
    assert abs(int(change.argmax()) - 42 // 4) <= 1


@pytest.mark.parametrize(("width", "multiplier"), [(4, 0.2), (8, 0.4), (20, 1.0)])
def test_below_the_third_stage_it_is_the_published_network(width: int, multiplier: float) -> None:
    published = mobilenet(multiplier).features.eval()
    student = Student(StudentSettings(width, 2, "mobilenet"), LABELS).eval()
    layers = student.blocks.network
    layers.load_state_dict(published[: MOBILENET_LAYERS[2]].state_dict())
    example = torch.randn(1, 64, 64)
    with torch.inference_mode():
        found = student(example)
        spectrogram = example.transpose(1, 2)[:, None]
        torch.testing.assert_close(found.feature_map, published[:3](spectrogram).transpose(2, 3))
        torch.testing.assert_close(found.embedding, published[:4](spectrogram).mean(2).transpose(1, 2))


def test_time_strides_are_taken_out_and_nothing_else_changes() -> None:
    ours = [m for m in body("mobilenet", 8, 5, 64).blocks.modules() if isinstance(m, nn.Conv2d)]
    theirs = [m for m in mobilenet(0.4).features[:13].modules() if isinstance(m, nn.Conv2d)]
    assert [m.weight.shape for m in ours] == [m.weight.shape for m in theirs]
    assert [m.stride[0] for m in ours] == [m.stride[0] for m in theirs]
    assert [m.stride[1] for m in ours if m.stride[0] == 2] == [2, 2, 1, 1]
    assert all(m.dilation == (1, 1) for m in ours)
    assert [m.padding for m in ours] == [m.padding for m in theirs]


@pytest.mark.parametrize("block", KINDS)
def test_on_disk(block: str, tmp_path: Path) -> None:
    student = Student(StudentSettings(8, 3, block, "gru"), LABELS).eval()
    save_model(student, tmp_path / "s.safetensors")
    example = torch.randn(1, 40, 64)
    twin = load_model(tmp_path / "s.safetensors")
    with torch.inference_mode():
        torch.testing.assert_close(twin(example).logits, student(example).logits)
    assert student_from(student.config()).settings == student.settings


def test_all_of_it_learns() -> None:
    for block in KINDS:
        student = Student(StudentSettings(8, 3, block), LABELS).train()
        student(torch.randn(2, 64, 64)).logits.square().mean().backward()
        assert all(p.grad is not None for p in student.parameters())


@pytest.mark.parametrize(
    ("block", "depth", "message"),
    [
        ("timm:nosuch", 3, "timm has no model 'nosuch'"),
        ("timm:", 3, "timm has no model ''"),
        ("timm:convnext_atto", 3, "'convnext_atto' cannot serve as a frame-level backbone: it answers"),
        ("timm:mobilevit_xxs", 9, "student.depth must lie in 1..5"),
        (
            "timm:repvit_m0_9",
            5,
            "'repvit_m0_9' cannot serve as a frame-level backbone: feature index 4 is out of range",
        ),
        ("timm:vit_tiny_patch16_224", 2, "'vit_tiny_patch16_224' cannot serve as a frame-level backbone: Input height"),
        ("timm:hardcorenas_a", 2, "'hardcorenas_a' cannot serve as a frame-level backbone"),
    ],
)
def test_settings_find_backbones_that_cannot_serve(block: str, depth: int, message: str) -> None:
    for _ in range(2):
        with pytest.raises((UserError, ValueError)) as caught:
            StudentSettings(8, depth, block)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_trying_a_backbone_moves_no_seeded_draw() -> None:
    torch.manual_seed(0)
    StudentSettings(8, 2, "timm:resnet18")
    assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(0)))

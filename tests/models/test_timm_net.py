"""timm backbones as frame-level detectors, and the one line for those that cannot be."""

import pytest
import torch

from sedkd.errors import UserError
from sedkd.models.timm_net import TimmNet, timm_net_from

LABELS = ("a", "b")


@pytest.mark.parametrize("name", ["resnet10t", "mobilenetv3_small_100", "tf_mobilenetv3_small_100"])
def test_answers_every_80_ms(name: str) -> None:
    model = TimmNet(name, LABELS).eval()
    with torch.inference_mode():
        for frames in (3, 32, 41):
            output = model(torch.randn(2, 4 * frames, 64))
            assert output.logits.shape == (2, frames, 2)
            assert output.embedding.shape == (2, frames, model.embedding_size)
    assert model.frame_seconds == pytest.approx(0.08)


def test_rebuilt_from_its_configuration() -> None:
    model = TimmNet("mobilenetv3_small_050", LABELS).eval()
    model.standardise_by(torch.randn(64), torch.rand(64) + 0.5)
    twin = timm_net_from(model.config()).eval()
    twin.load_state_dict(model.state_dict())
    example = torch.randn(1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(twin(example).logits, model(example).logits)
    assert twin.labels == LABELS


def test_a_sound_is_heard_where_it_is() -> None:
    torch.manual_seed(0)
    model = TimmNet("resnet10t", LABELS).eval()
    example = torch.randn(1, 512, 64)
    with torch.inference_mode():
        before = model(example).embedding[0]
        example[0, 256:264] += 3
        change = (model(example).embedding[0] - before).norm(dim=1)
    assert abs(int(change.argmax()) - 65) <= 4


def test_an_unknown_name() -> None:
    with pytest.raises(UserError, match=r"^timm has no model 'resnet10'; near it: .*$"):
        TimmNet("resnet10", LABELS)
    with pytest.raises(UserError, match=r"no model 'nosuch'; near it: see timm.list_models"):
        TimmNet("nosuch", LABELS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("vit_tiny_patch16_224", "Input height"),  # wants images of one size
        ("convnext_atto", "it answers 57 frames where 64 are expected"),  # even kernels
        ("mobilevitv2_050", "it answers 2 frames where 1 are expected, of 4 it hears"),  # halved and doubled again
        ("halonet26t", "AssertionError"),  # it has no words of its own
        ("hrnet_w18_small", "must match"),  # branches of unlike strides
    ],
)
def test_a_backbone_that_cannot_serve(name: str, reason: str) -> None:
    with pytest.raises(UserError, match=f"'{name}' cannot serve as a frame-level backbone: .*{reason}") as caught:
        TimmNet(name, LABELS)
    assert "\n" not in str(caught.value)

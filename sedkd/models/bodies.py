"""The convolutional bodies of students: full, depthwise separable, MobileNetV3's, or timm's.

Each takes `[batch, 1, frames, mels]` and answers two maps `[batch, channels, frames / STRIDE, bands]`: one from further
down, where frequency can still be told, and its last. A causal one of full or separable blocks makes of each frame what
that frame and earlier ones tell.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import Tensor, nn

from sedkd.models.audioset import mobilenet
from sedkd.models.causal import CausalConv2d
from sedkd.models.norm import NormReLU
from sedkd.models.settings import STRIDE, TIMM
from sedkd.models.timm_backbone import opened_backbone

MAP_AFTER = 2  # the first block and its pooling, behind which time has the output's rate and 16 mel bands are left
MOBILENET_WIDTH = 20  # the student's width at which MobileNetV3 has its published one
MOBILENET_MAP_AFTER = 3  # its layers that do what the first block does above
MOBILENET_LAYERS = {1: 3, 2: 4, 3: 7, 4: 11, 5: 13}  # of its layers by depth: up to the ends of its stages


class Body(NamedTuple):
    """`blocks` turn what `stem` makes into the two maps; the last has `channels`."""

    stem: nn.Module
    blocks: nn.Module
    channels: int


def body(block: str, width: int, depth: int, n_mels: int, causal: bool = False, stride: int = STRIDE) -> Body:
    """An untrained body, `causal` where it is one of CAUSAL_BLOCKS, and where it is one of OWN_BLOCKS with so many
    frames per answer as `stride` says. A timm backbone has its own width. UserError where timm has no such backbone."""
    if block.startswith(TIMM):
        levels = TimmLevels(opened_backbone(block.removeprefix(TIMM), n_mels, STRIDE, depth))
        return Body(nn.Identity(), TimeLast(levels), levels.channels)
    if block == "mobilenet":
        layers = _mobilenet_layers(width, depth)
        return Body(nn.Identity(), TimeLast(Layers(layers, MOBILENET_MAP_AFTER)), layers[-1].out_channels)
    convolution = CausalConv2d if causal else nn.Conv2d
    stem, inputs, bands = _conv(convolution, 1, width, stride=(stride // 2, 2)), width, -(-n_mels // 2)
    blocks: list[nn.Module] = []
    for i, outputs in enumerate(block_channels(width, depth)):
        pooled = min(bands, 2)  # few mel bands are one before the last block
        blocks += [_block(convolution, block, inputs, outputs), nn.AvgPool2d((2 if i == 0 else 1, pooled))]
        inputs, bands = outputs, bands // pooled
    return Body(stem, Layers(blocks, MAP_AFTER), inputs)


def block_channels(width: int, depth: int) -> list[int]:
    """Output channels of each full or separable block: w, 2w, 2w, 4w, 4w."""
    return [width * min(2 ** ((i + 1) // 2), 4) for i in range(depth)]


class Layers(nn.Sequential):
    """Layers that answer what the first `map_after` of them make, and what all of them make."""

    def __init__(self, layers: Iterable[nn.Module], map_after: int) -> None:
        super().__init__(*layers)
        self.map_after = map_after

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        lower = x
        for number, layer in enumerate(self, 1):
            x = layer(x)
            if number == self.map_after:
                lower = x
        return lower, x


class TimmLevels(nn.Module):
    """The first level of a backbone at the output's rate, and its last; one that is not there yet is pooled in time."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone
        reductions = backbone.feature_info.reduction()
        self.channels: int = backbone.feature_info.channels()[-1]
        self.map_level = next((i for i, r in enumerate(reductions) if r >= STRIDE), len(reductions) - 1)
        self.pool = nn.AvgPool2d((1, STRIDE // reductions[-1])) if reductions[-1] < STRIDE else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.backbone(x)
        return self.pool(maps[self.map_level]), self.pool(maps[-1])


class TimeLast(nn.Module):
    """A network over `[batch, channels, mels, frames]`, the order in which pretrained ones know their axes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        lower, x = self.network(x.transpose(2, 3))
        return lower.transpose(2, 3), x.transpose(2, 3)


def _mobilenet_layers(width: int, depth: int) -> Any:
    """The lower layers of EfficientAT's MobileNetV3, time strides past STRIDE taken out.

    Kernels are not dilated for it, as a whole published network's are, because features hop 20 ms here and 10 ms
    there: undilated, the kernels of layers 5 to 7 span the seconds for which they were learned, those below them twice
    as many, those above half as many; dilated, all would span twice as many.
    """
    layers = mobilenet(width / MOBILENET_WIDTH).features[: MOBILENET_LAYERS[depth]]
    reduction = 1
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d) and layer.stride[1] > 1:
            if reduction == STRIDE:
                layer.stride = (layer.stride[0], 1)
            else:
                reduction *= layer.stride[1]
    return layers


def _conv(
    convolution: type[nn.Conv2d],
    inputs: int,
    outputs: int,
    stride: tuple[int, int] = (1, 1),
    groups: int = 1,
    size: int = 3,
) -> nn.Sequential:
    return nn.Sequential(
        convolution(inputs, outputs, size, stride=stride, padding=size // 2, groups=groups, bias=False),
        NormReLU(outputs),
    )


def _block(convolution: type[nn.Conv2d], kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "conv":
        return _conv(convolution, inputs, outputs)
    return nn.Sequential(_conv(convolution, inputs, inputs, groups=inputs), _conv(nn.Conv2d, inputs, outputs, size=1))

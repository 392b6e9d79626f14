"""A frame-level detector that starts from real AudioSet weights: EfficientAT's MobileNetV3 (Schmid et al. 2023).

The published networks are torchvision's `mobilenet_v3_large` of another width, with one input channel, plain
sigmoid gates in squeeze-excitation, and 527 clip-level outputs. Here their time strides are opened and their
classifier's first layer is applied to every frame, followed by layers over time, where there are any
(`sedkd.models.temporal`), and by a new linear layer for the labels at hand.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.errors import UserError
from sedkd.features.settings import AUDIOSET_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.strides import open_time_strides
from sedkd.models.temporal import temporal_head

STRIDE = 8  # feature frames of 10 ms per output frame of 80 ms
MAP_AFTER = 7  # layers of MobileNetV3 behind which time has the output's rate and 16 of 128 mel bands are left
AUDIOSET_CLASSES = 527
LAST_WIDTH = {0.4: 384, 0.5: 480, 1.0: 960}  # channels of the last feature map, which tell the width


class AudioSetNet(FrameModel):
    """See the module's header. `width` is MobileNetV3's width multiplier, `head` one of `sedkd.models.temporal.HEADS`.

    The published part makes an embedding of every frame, `embedded`; `answered` is the rest. The embedding of its
    output is the one behind the layers over time, from which the logits are computed.
    """

    kind = "audioset"
    features: FeatureSettings = AUDIOSET_FEATURES

    def __init__(self, width: float, labels: tuple[str, ...], head: str = "none") -> None:
        super().__init__()
        network = mobilenet(width)
        self.width, self.labels, self.stride, self.head = width, tuple(labels), STRIDE, head
        self.body = network.features
        open_time_strides(self.body, torch.zeros(1, 1, self.features.n_mels, 256), STRIDE)
        self.neck = nn.Sequential(network.classifier[0], network.classifier[1])
        self.temporal, outputs = temporal_head(head, network.classifier[0].out_features)
        self.classifier = nn.Linear(outputs, len(labels))

    @property
    def embedding_size(self) -> int:
        return self.classifier.in_features

    def config(self) -> dict[str, Any]:
        return {"width": self.width, "labels": list(self.labels), "head": self.head}

    def train(self, mode: bool = True) -> "AudioSetNet":
        """As usual, but normalisation keeps the published statistics: they are those of two million clips, and the head
        was trained behind them."""
        super().train(mode)
        for module in self.body.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, features: Tensor) -> FrameOutput:
        x, lower = self.embedded(features)
        return self.answered(x)._replace(feature_map=lower.transpose(2, 3))

    def embedded(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding `[batch, frames, channels]` of features, and the feature map `[batch, channels, bands, frames]`
        further down."""
        lower = self.body[:MAP_AFTER](features.transpose(1, 2).unsqueeze(1))
        x = self.body[MAP_AFTER:](lower)
        return self.neck(x.mean(dim=2).transpose(1, 2)), lower

    def answered(self, embedding: Tensor) -> FrameOutput:
        """The answer for an embedding of `embedded`, without a feature map."""
        x = self.temporal(embedding)
        return FrameOutput(self.classifier(x), x)


def audioset_net_from(config: dict[str, Any]) -> AudioSetNet:
    """Rebuild an untrained network from `AudioSetNet.config()`."""
    return AudioSetNet(config["width"], tuple(config["labels"]), config.get("head", "none"))


def audioset_start(checkpoint: Path, labels: tuple[str, ...], head: str = "none") -> AudioSetNet:
    """A network with the published weights of `checkpoint` (a plain state dict) and a fresh `head` and last layer."""
    weights = _published_weights(checkpoint)
    model = AudioSetNet(_width_of(weights, checkpoint), labels, head)
    neck = {k.removeprefix("classifier."): v for k, v in weights.items() if k.startswith("classifier.0.")}
    _load(model.body, _features(weights), checkpoint)
    _load(model.neck, neck, checkpoint)
    return model


def load_lower_layers(layers: nn.Sequential, checkpoint: Path) -> None:
    """Fill the first layers of a network of `mobilenet(width).features` with the published weights of `checkpoint`."""
    weights = _features(_published_weights(checkpoint))
    _load(layers, {k: v for k, v in weights.items() if int(k.partition(".")[0]) < len(layers)}, checkpoint)


def audioset_tagger(checkpoint: Path) -> nn.Module:
    """The published clip-level tagger itself, `[batch, 1, mels, frames]` to 527 logits: what the weights promise."""
    weights = _published_weights(checkpoint)
    network = mobilenet(_width_of(weights, checkpoint))
    _load(network, weights, checkpoint)
    return network.eval()


def mobilenet(width: float) -> Any:
    """torchvision's network as EfficientAT has it, untrained. `width` is the multiplier of its channels."""
    from torchvision.models.mobilenetv3 import MobileNetV3, _mobilenet_v3_conf
    from torchvision.ops import SqueezeExcitation

    rows, last_channel = _mobilenet_v3_conf("mobilenet_v3_large", width_mult=width)
    network = MobileNetV3(rows, last_channel=last_channel, num_classes=AUDIOSET_CLASSES)
    first = network.features[0][0]
    network.features[0][0] = nn.Conv2d(1, first.out_channels, 3, stride=2, padding=1, bias=False)
    for module in network.modules():
        if isinstance(module, SqueezeExcitation):
            module.scale_activation = nn.Sigmoid()
    return network


def _published_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The state dict with EfficientAT's own names turned into torchvision's."""
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{checkpoint}: no such file") from error
    except Exception as error:  # torch raises many kinds for a file that is no checkpoint
        raise UserError(f"{checkpoint}: not a checkpoint that loads with weights_only=True") from error
    if not isinstance(weights, dict) or "features.0.0.weight" not in weights:
        raise UserError(f"{checkpoint}: not an EfficientAT MobileNetV3 (no key features.0.0.weight)")
    renamed = {}
    for key, value in weights.items():
        key = key.replace("conc_se_layers.0.", "").replace("classifier.2.", "classifier.0.")
        key = key.replace("classifier.5.", "classifier.3.")
        is_gate = ".fc1.weight" in key or ".fc2.weight" in key
        renamed[key] = value[:, :, None, None] if is_gate and value.ndim == 2 else value
    return renamed


def _features(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix("features."): v for k, v in weights.items() if k.startswith("features.")}


def _width_of(weights: dict[str, Tensor], checkpoint: Path) -> float:
    if "classifier.0.weight" not in weights:
        raise UserError(f"{checkpoint}: not a whole EfficientAT MobileNetV3 (no key classifier.2.weight)")
    channels = weights["classifier.0.weight"].shape[1]
    for width, last in LAST_WIDTH.items():
        if last == channels:
            return width
    raise UserError(f"{checkpoint}: a MobileNetV3 with {channels} last channels; known: {list(LAST_WIDTH.values())}")


def _load(module: nn.Module, weights: dict[str, Tensor], checkpoint: Path) -> None:
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise UserError(f"{checkpoint}: does not fit EfficientAT's MobileNetV3: {reason}") from error

"""A frame-level detector on any convolutional timm backbone."""

from typing import Any

import torch
from torch import Tensor, nn

from sedkd.errors import UserError
from sedkd.features.logmel import STUDENT_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.strides import open_time_strides
from sedkd.models.student import STRIDE


class TimmNet(FrameModel):
    """timm backbone (random weights), time opened to 80 ms, mean over frequency, linear layer per frame."""

    kind = "timm"
    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, labels: tuple[str, ...], features: FeatureSettings = STUDENT_FEATURES) -> None:
        super().__init__()
        self.backbone_name, self.labels, self.features, self.stride = backbone, tuple(labels), features, STRIDE
        self.backbone = _opened(backbone, features.n_mels)
        reductions = self.backbone.feature_info.reduction()  # type: ignore[operator, union-attr]
        self.map_level = reductions.index(STRIDE) if STRIDE in reductions else None
        self.channels: int = self.backbone.feature_info.channels()[-1]  # type: ignore[operator, union-attr]
        self.register_buffer("mean", torch.zeros(features.n_mels))
        self.register_buffer("std", torch.ones(features.n_mels))
        self.classifier = nn.Linear(self.channels, len(labels))

    @property
    def embedding_size(self) -> int:
        return self.channels

    def config(self) -> dict[str, Any]:
        return {"backbone": self.backbone_name, "labels": list(self.labels), "features": self.features.as_dict()}

    def standardise_by(self, mean: Tensor, std: Tensor) -> None:
        """Set the feature statistics `[n_mels]`, those of the training clips."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, features: Tensor) -> FrameOutput:
        x = ((features - self.mean) / self.std).transpose(1, 2).unsqueeze(1)
        maps = self.backbone(x)
        x = maps[-1].mean(dim=2).transpose(1, 2)
        return FrameOutput(
            self.classifier(x), x, None if self.map_level is None else maps[self.map_level].transpose(2, 3)
        )


def _opened(name: str, n_mels: int) -> Any:
    """The untrained backbone with its time strides opened; UserError where there is none, or it cannot be opened."""
    import timm

    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name.split('_')[0]}*")[:5]) or "see timm.list_models()"
        raise UserError(f"timm has no model {name!r}; near it: {near}")
    try:
        backbone = timm.create_model(name, features_only=True, in_chans=1, pretrained=False)
        example = torch.zeros(1, 1, n_mels, 256)
        open_time_strides(backbone, example, STRIDE)
        _require_frames(backbone, example)
    except (RuntimeError, ValueError, AttributeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(f"timm model {name!r} cannot serve as a frame-level backbone: {reason}") from error
    return backbone


def _require_frames(backbone: nn.Module, example: Tensor) -> None:
    """Even kernels lose frames once their stride is opened, and some networks join branches of unlike strides."""
    training = backbone.training
    with torch.no_grad():
        frames = backbone.eval()(example)[-1].shape[-1]
    backbone.train(training)
    if frames != example.shape[-1] // STRIDE:
        raise ValueError(f"it answers {frames} frames where {example.shape[-1] // STRIDE} are expected")


def timm_net_from(config: dict[str, Any]) -> TimmNet:
    """Rebuild an untrained network from `TimmNet.config()`."""
    return TimmNet(config["backbone"], tuple(config["labels"]), FeatureSettings(**config["features"]))

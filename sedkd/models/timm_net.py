"""A frame-level detector on any convolutional timm backbone."""

from typing import Any

import torch
from torch import Tensor, nn

from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.settings import STRIDE
from sedkd.models.timm_backbone import opened_backbone


class TimmNet(FrameModel):
    """timm backbone (random weights), time opened to 80 ms, mean over frequency, linear layer per frame."""

    kind = "timm"
    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, labels: tuple[str, ...], features: FeatureSettings = STUDENT_FEATURES) -> None:
        super().__init__()
        self.backbone_name, self.labels, self.features, self.stride = backbone, tuple(labels), features, STRIDE
        self.backbone = opened_backbone(backbone, features.n_mels, STRIDE)
        reductions = self.backbone.feature_info.reduction()
        self.map_level = reductions.index(STRIDE) if STRIDE in reductions else None
        self.channels: int = self.backbone.feature_info.channels()[-1]
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


def timm_net_from(config: dict[str, Any]) -> TimmNet:
    """Rebuild an untrained network from `TimmNet.config()`."""
    return TimmNet(config["backbone"], tuple(config["labels"]), FeatureSettings(**config["features"]))

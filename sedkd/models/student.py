"""The student family: one code path from about 0.05 M to over 50 M multiply-accumulates per second of audio.

A strided stem, `depth` convolutional blocks that halve the frequency axis, the mean over what is left of it, an
optional bidirectional GRU, and one linear layer per frame. `block` makes the convolutions full (a CRNN's), depthwise
separable (MobileNet's, Howard et al. 2017), inverted residuals with gates (MobileNetV3's, Howard et al. 2019, of the
very shape for which AudioSet weights are published), or those of a timm backbone. The widest members serve as teachers.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.features.logmel import STUDENT_FEATURES, FeatureSettings
from sedkd.models.bodies import BLOCKS, MAX_DEPTH, STRIDE, TIMM, body
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.timm_backbone import require_backbone

HEADS = ("none", "gru")


@dataclass(frozen=True)
class StudentSettings:
    """What a student is built of.

    width: channels of the stem, of which the blocks have up to four times as many; for `mobilenet` twenty times the
        multiplier of its published channels (8 is mn04, 20 is mn10), of which each makes a multiple of eight;
        `timm:NAME` has its own and ignores this.
    depth: blocks; for `mobilenet` stages, for `timm:NAME` levels, of the published network.
    block: `conv`, `separable`, `mobilenet` or `timm:NAME`.
    head: `gru` or `none`.

    Raises:
        ValueError: a value out of range.
        UserError: timm has no such backbone, or it cannot answer frame by frame.
    """

    width: int = 16
    depth: int = 3
    block: str = "separable"
    head: str = "none"

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"student.width must be at least 1, not {self.width}")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"student.depth must lie in 1..{MAX_DEPTH}, not {self.depth}")
        if self.block not in BLOCKS and not self.block.startswith(TIMM):
            raise ValueError(f"student.block must be one of {', '.join(BLOCKS)}, {TIMM}NAME, not {self.block}")
        if self.head not in HEADS:
            raise ValueError(f"student.head must be one of {', '.join(HEADS)}, not {self.head}")
        if self.block.startswith(TIMM):
            require_backbone(self.block.removeprefix(TIMM), STUDENT_FEATURES.n_mels, STRIDE, self.depth)


class Student(FrameModel):
    """See the module's header. Features are standardised by `mean` and `std` `[n_mels]`, part of the weights."""

    kind = "student"
    mean: Tensor
    std: Tensor

    def __init__(
        self, settings: StudentSettings, labels: tuple[str, ...], features: FeatureSettings = STUDENT_FEATURES
    ) -> None:
        super().__init__()
        self.settings, self.labels, self.features, self.stride = settings, tuple(labels), features, STRIDE
        self.register_buffer("mean", torch.zeros(features.n_mels))
        self.register_buffer("std", torch.ones(features.n_mels))
        self.stem, self.blocks, inputs = body(settings.block, settings.width, settings.depth, features.n_mels)
        self.gru = nn.GRU(inputs, inputs // 2, batch_first=True, bidirectional=True) if settings.head == "gru" else None
        self.embedding_channels = 2 * (inputs // 2) if settings.head == "gru" else inputs
        self.classifier = nn.Linear(self.embedding_channels, len(labels))

    @property
    def embedding_size(self) -> int:
        return self.embedding_channels

    def config(self) -> dict[str, Any]:
        return {**asdict(self.settings), "labels": list(self.labels), "features": self.features.as_dict()}

    def standardise_by(self, mean: Tensor, std: Tensor) -> None:
        """Set the feature statistics `[n_mels]`, those of the training clips."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, features: Tensor) -> FrameOutput:
        x = ((features - self.mean) / self.std).unsqueeze(1)
        feature_map, x = self.blocks(self.stem(x))
        x = x.mean(dim=3).transpose(1, 2)
        if self.gru is not None:
            x = self.gru(x)[0]
        return FrameOutput(self.classifier(x), x, feature_map)


def student_from(config: dict[str, Any]) -> Student:
    """Rebuild an untrained student from `Student.config()`."""
    config = dict(config)
    labels, features = tuple(config.pop("labels")), FeatureSettings(**config.pop("features"))
    return Student(StudentSettings(**config), labels, features)

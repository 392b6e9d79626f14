"""The student family: one code path from about 0.05 M to over 50 M multiply-accumulates per second of audio.

A strided stem, `depth` convolutional blocks that halve the frequency axis, the mean over what is left of it, an
optional bidirectional GRU, and one linear layer per frame. `block` makes the convolutions full (a CRNN's) or
depthwise separable (MobileNet's, Howard et al. 2017). The widest members serve as teachers.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.features.logmel import STUDENT_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput

BLOCKS = ("conv", "separable")
HEADS = ("none", "gru")
MAX_DEPTH = 5  # the stem leaves 32 of 64 mel bands; five halvings leave one
MAP_AFTER = 2  # the first block and its pooling, behind which time has the output's rate and 16 mel bands are left
STRIDE = 4  # feature frames of 20 ms per output frame of 80 ms


@dataclass(frozen=True)
class StudentSettings:
    """`width`: channels of the stem; the blocks have up to four times as many."""

    width: int = 16
    depth: int = 3
    block: str = "separable"
    head: str = "none"

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"student.width must be at least 1, not {self.width}")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"student.depth must lie in 1..{MAX_DEPTH}, not {self.depth}")
        if self.block not in BLOCKS:
            raise ValueError(f"student.block must be one of {', '.join(BLOCKS)}, not {self.block}")
        if self.head not in HEADS:
            raise ValueError(f"student.head must be one of {', '.join(HEADS)}, not {self.head}")

    def channels(self) -> list[int]:
        """Output channels of each block: w, 2w, 2w, 4w, 4w."""
        return [self.width * min(2 ** ((i + 1) // 2), 4) for i in range(self.depth)]


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
        self.stem = _conv(1, settings.width, stride=(2, 2))
        blocks, inputs = [], settings.width
        for i, outputs in enumerate(settings.channels()):
            blocks += [_block(settings.block, inputs, outputs), nn.AvgPool2d((2 if i == 0 else 1, 2))]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
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
        feature_map = self.blocks[:MAP_AFTER](self.stem(x))
        x = self.blocks[MAP_AFTER:](feature_map).mean(dim=3).transpose(1, 2)
        if self.gru is not None:
            x = self.gru(x)[0]
        return FrameOutput(self.classifier(x), x, feature_map)


def student_from(config: dict[str, Any]) -> Student:
    """Rebuild an untrained student from `Student.config()`."""
    config = dict(config)
    labels, features = tuple(config.pop("labels")), FeatureSettings(**config.pop("features"))
    return Student(StudentSettings(**config), labels, features)


def _conv(inputs: int, outputs: int, stride: tuple[int, int] = (1, 1), groups: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _block(kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "conv":
        return _conv(inputs, outputs)
    return nn.Sequential(_conv(inputs, inputs, groups=inputs), _conv(inputs, outputs, size=1))

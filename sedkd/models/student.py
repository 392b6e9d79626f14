"""Students: one code path from about 0.05 M to over 50 M multiply-accumulates per second of audio.

A strided stem, `depth` convolutional blocks that halve the frequency axis, the mean over what is left of it, an
optional GRU or TCN, and one linear layer per frame. `block` makes the convolutions full (a CRNN's), depthwise
separable (MobileNet's, Howard et al. 2017), inverted residuals with gates (MobileNetV3's, Howard et al. 2019, of the
very shape for which AudioSet weights are published), or those of a timm backbone. The widest members serve as teachers.

With a look-ahead it is a network for streams: convolutions, GRU and TCN know only what came before, normalisation is a
constant in evaluation, and an answer waits for as many output frames as the look-ahead holds (`sedkd.models.causal`).
"""

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.models.bodies import MAP_AFTER, Layers, body
from sedkd.models.causal import before_zeros
from sedkd.models.chain import Link, chained, links, own_kernel, own_norm
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.gru import GRU
from sedkd.models.settings import StudentSettings
from sedkd.models.tcn import tcn


class Student(FrameModel):
    """See the module's header. Features are standardised by `mean` and `std` `[n_mels]`, part of the weights."""

    kind = "student"
    mean: Tensor
    std: Tensor

    def __init__(self, settings: StudentSettings, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.settings, self.labels = settings, tuple(labels)
        self.features, self.stride = settings.features, settings.stride
        self.register_buffer("mean", torch.zeros(settings.n_mels))
        self.register_buffer("std", torch.ones(settings.n_mels))
        self.delay = settings.delay
        width, depth = settings.width, settings.depth
        self.stem, self.blocks, inputs = body(
            settings.block, width, depth, settings.n_mels, settings.causal, settings.stride
        )
        self.gru = _gru(inputs, settings.causal) if settings.head == "gru" else None
        self.tcn = tcn(inputs, settings.causal) if settings.head == "tcn" else None
        self.embedding_channels = 2 * (inputs // 2) if settings.head == "gru" else inputs
        self.classifier = nn.Linear(self.embedding_channels, len(labels))

    @property
    def embedding_size(self) -> int:
        return self.embedding_channels

    def config(self) -> dict[str, Any]:
        return {**self.settings.as_key(), "labels": list(self.labels), "features": self.features.as_dict()}

    def standardise_by(self, mean: Tensor, std: Tensor) -> None:
        """Set the feature statistics `[n_mels]`, those of the training clips."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, features: Tensor) -> FrameOutput:
        x = before_zeros((features - self.mean) / self.std, self.delay * self.stride).unsqueeze(1)
        joined = self.training and isinstance(self.blocks, Layers)
        feature_map, x = self._joined(x) if joined else self.blocks(self.stem(x))
        x = x.mean(dim=3, keepdim=True)
        if self.tcn is not None:
            x = self.tcn(x)
        x = x.squeeze(3).transpose(1, 2)
        if self.gru is not None:
            x = self.gru(x)[0]
        return self.in_time(FrameOutput(self.classifier(x), x, feature_map))

    def _joined(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What stem and blocks make, each normalisation as one operation with what follows it."""
        lower, upper = body_links(self)
        feature_map = chained(lower, x, own_norm, own_kernel)
        return feature_map, chained(upper, feature_map, own_norm, own_kernel)

    def in_time(self, output: FrameOutput) -> FrameOutput:
        """What was computed with `delay` frames of padding behind it, each answer at the frame that it is about."""
        if not self.delay:
            return output
        logits, embedding, feature_map = output
        assert feature_map is not None
        # The lower layers do not hear so far: their map waits for nothing.
        return FrameOutput(
            logits[..., self.delay :, :], embedding[..., self.delay :, :], feature_map[..., : -self.delay, :]
        )


def body_links(student: Student) -> tuple[list[Link], list[Link]]:
    """The layers of a student of full or separable blocks, up to the lower of its body's two maps and behind it."""
    blocks = [list(links(block, f"blocks.{number}")) for number, block in enumerate(student.blocks.children())]
    lower = [*links(student.stem, "stem"), *chain.from_iterable(blocks[:MAP_AFTER])]
    return lower, list(chain.from_iterable(blocks[MAP_AFTER:]))


def student_from(config: dict[str, Any]) -> Student:
    """Rebuild an untrained student from `Student.config()`. ValueError where its features are none of a student's."""
    config = dict(config)
    labels, features = tuple(config.pop("labels")), config.pop("features")
    student = Student(StudentSettings(**config), labels)
    if features != student.features.as_dict():
        raise ValueError(f"no student has the features {features}")
    return student


def _gru(inputs: int, causal: bool) -> GRU:
    """A GRU that hears both directions, or one with as many outputs that hears the past alone."""
    return GRU(inputs, 2 * (inputs // 2)) if causal else GRU(inputs, inputs // 2, bidirectional=True)

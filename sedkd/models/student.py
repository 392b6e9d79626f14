"""Students: one code path from about 0.05 M to over 50 M multiply-accumulates per second of audio.

A strided stem, `depth` convolutional blocks that halve the frequency axis, the mean over what is left of it, an
optional GRU or TCN, and one linear layer per frame. `block` makes the convolutions full (a CRNN's), depthwise
separable (MobileNet's, Howard et al. 2017), inverted residuals with gates (MobileNetV3's, Howard et al. 2019, of the
very shape for which AudioSet weights are published), or those of a timm backbone. The widest members serve as teachers.

With a look-ahead it is a network for streams: convolutions, GRU and TCN know only what came before, normalisation is a
constant in evaluation, and an answer waits for as many output frames as the look-ahead holds (`sedkd.models.causal`).
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.features.logmel import STUDENT_FEATURES, FeatureSettings
from sedkd.models.bodies import BLOCKS, CAUSAL_BLOCKS, MAX_DEPTH, STRIDE, TIMM, body
from sedkd.models.causal import FULL, before_zeros, delay_of
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.tcn import tcn
from sedkd.models.timm_backbone import require_backbone

HEADS = ("none", "gru", "tcn")
FRAME_MILLISECONDS = round(1000 * STRIDE * STUDENT_FEATURES.frame_seconds)
MAX_LOOKAHEAD = 960  # milliseconds: less than the context that windows of a recording throw away


@dataclass(frozen=True)
class StudentSettings:
    """What a student is built of.

    width: channels of the stem, of which the blocks have up to four times as many; for `mobilenet` twenty times the
        multiplier of its published channels (8 is mn04, 20 is mn10), of which each makes a multiple of eight;
        `timm:NAME` has its own and ignores this.
    depth: blocks; for `mobilenet` stages, for `timm:NAME` levels, of the published network.
    block: `conv`, `separable`, `mobilenet` or `timm:NAME`.
    head: `gru`, `tcn` (`sedkd.models.tcn`) or `none`; the GRU is bidirectional, and with a look-ahead one-directional
        with as many outputs.
    lookahead: "full" for a network that is given whole recordings; else how many milliseconds of what follows a frame
        its answer may know, a multiple of FRAME_MILLISECONDS up to MAX_LOOKAHEAD. Of `block` conv and separable only.

    Raises:
        ValueError: a value out of range.
        UserError: timm has no such backbone, or it cannot answer frame by frame.
    """

    width: int = 16
    depth: int = 3
    block: str = "separable"
    head: str = "none"
    lookahead: int | str = FULL

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"student.width must be at least 1, not {self.width}")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"student.depth must lie in 1..{MAX_DEPTH}, not {self.depth}")
        if self.block not in BLOCKS and not self.block.startswith(TIMM):
            raise ValueError(f"student.block must be one of {', '.join(BLOCKS)}, {TIMM}NAME, not {self.block}")
        if self.head not in HEADS:
            raise ValueError(f"student.head must be one of {', '.join(HEADS)}, not {self.head}")
        self._check_lookahead()
        if self.block.startswith(TIMM):
            require_backbone(self.block.removeprefix(TIMM), STUDENT_FEATURES.n_mels, STRIDE, self.depth)

    def __repr__(self) -> str:
        """As dataclasses have it, of `as_key`: comparisons are named after it."""
        return f"StudentSettings({', '.join(f'{name}={value!r}' for name, value in self.as_key().items())})"

    @property
    def causal(self) -> bool:
        """Whether it can run on a stream."""
        return self.lookahead != FULL

    @property
    def delay(self) -> int:
        """Output frames by which its answers wait for what follows."""
        return delay_of(self.lookahead, FRAME_MILLISECONDS, self.depth, self.head)

    @property
    def remembers(self) -> bool:
        """Whether a stream of it knows more of the past than the context of a window (`sedkd.features.windows`)."""
        return self.causal and self.head != "none"

    def as_key(self) -> dict[str, Any]:
        """What names a cache or a file and rebuilds the settings: a setting that came later is left out where it
        changes nothing, so that what was made before is found again."""
        return {name: value for name, value in asdict(self).items() if name != "lookahead" or value != FULL}

    def _check_lookahead(self) -> None:
        if not self.causal:
            return
        milliseconds = self.lookahead
        whole = isinstance(milliseconds, int) and not isinstance(milliseconds, bool)
        if not whole or milliseconds not in range(0, MAX_LOOKAHEAD + 1, FRAME_MILLISECONDS):
            raise ValueError(
                f"student.lookahead must be {FULL}, or a multiple of {FRAME_MILLISECONDS} ms up to {MAX_LOOKAHEAD}, "
                f"not {milliseconds}"
            )
        if self.block not in CAUSAL_BLOCKS:
            raise ValueError(
                f"student.lookahead {milliseconds} needs student.block {' or '.join(CAUSAL_BLOCKS)}, not {self.block}; "
                f"{self.block} hears whole recordings"
            )


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
        self.delay = settings.delay
        width, depth = settings.width, settings.depth
        self.stem, self.blocks, inputs = body(settings.block, width, depth, features.n_mels, settings.causal)
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
        feature_map, x = self.blocks(self.stem(x))
        x = x.mean(dim=3, keepdim=True)
        if self.tcn is not None:
            x = self.tcn(x)
        x = x.squeeze(3).transpose(1, 2)
        if self.gru is not None:
            x = self.gru(x)[0]
        return self.in_time(FrameOutput(self.classifier(x), x, feature_map))

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


def student_from(config: dict[str, Any]) -> Student:
    """Rebuild an untrained student from `Student.config()`."""
    config = dict(config)
    labels, features = tuple(config.pop("labels")), FeatureSettings(**config.pop("features"))
    return Student(StudentSettings(**config), labels, features)


def _gru(inputs: int, causal: bool) -> nn.GRU:
    """A GRU that hears both directions, or one with as many outputs that hears the past alone."""
    if causal:
        return nn.GRU(inputs, 2 * (inputs // 2), batch_first=True)
    return nn.GRU(inputs, inputs // 2, batch_first=True, bidirectional=True)

"""What every model here has in common: features in, one row of logits per output frame out."""

from typing import Any, NamedTuple

from torch import Tensor, nn

from sedkd.features.settings import FeatureSettings


class FrameOutput(NamedTuple):
    """`logits` `[batch, frames, labels]`, the `embedding` `[batch, frames, channels]` they were computed from, and a
    `feature_map` `[batch, channels, frames, bands]` from further down, where frequency can still be told (None where
    a network has none at this rate)."""

    logits: Tensor
    embedding: Tensor
    feature_map: Tensor | None = None


class FrameModel(nn.Module):
    """A model that answers every `stride` feature frames for each of its `labels`.

    `forward` takes features `[batch, stride * frames, n_mels]` and returns a FrameOutput of `frames` frames.
    `config` is what rebuilds the model (see `sedkd.models.checkpoint`).
    """

    kind: str
    features: FeatureSettings
    stride: int
    labels: tuple[str, ...]
    delay: int = 0  # output frames of padding that it computes behind the last, see `sedkd.models.causal`

    @property
    def frame_seconds(self) -> float:
        """Length of one output frame in seconds."""
        return self.stride * self.features.frame_seconds

    @property
    def embedding_size(self) -> int:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        raise NotImplementedError

    def forward(self, features: Tensor) -> FrameOutput:
        raise NotImplementedError

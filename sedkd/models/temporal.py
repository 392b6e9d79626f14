"""Layers that let an answer depend on the frames around it, between a network's embedding and its last layer."""

from torch import Tensor, nn

from sedkd.models.gru import GRU

HEADS = ("none", "gru")  # files of earlier versions have none
GRU_UNITS = 64  # in each direction


def temporal_head(kind: str, channels: int) -> tuple[nn.Module, int]:
    """Layers from `[batch, frames, channels]` to `[batch, frames, outputs]`, and their number of outputs.

    Raises:
        ValueError: an unknown kind.
    """
    if kind == "none":
        return nn.Identity(), channels
    if kind == "gru":
        return GruHead(channels), 2 * GRU_UNITS
    raise ValueError(f"head must be one of {', '.join(HEADS)}, not {kind}")


class GruHead(nn.Module):
    """A bidirectional GRU (Cho et al. 2014), as in a CRNN (Cakir et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gru = GRU(channels, GRU_UNITS, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(x)[0]

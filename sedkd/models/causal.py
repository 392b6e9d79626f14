"""Convolutions over time that know nothing of what follows, and how far an answer may wait for it.

A network of such layers looks ahead by answering later: what it has made of the frames up to `delay` after a frame is
taken for that frame's answer. A chain of convolutions that is shifted as a whole hears what it would hear if every
layer were shifted by a part, so that no layer needs a share of its own, and a stream only has to wait.
"""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import pad


class CausalConv2d(nn.Conv2d):
    """A convolution of maps `[batch, channels, frames, bands]` that is padded with zeros only before the first frame,
    by the kernel's span - stride: of `stride` frames each answer hears the last, and none after it. Bands are padded as
    usual."""

    def __init__(
        self, inputs: int, outputs: int, size: int | tuple[int, int], *, padding: int = 0, **others: Any
    ) -> None:
        super().__init__(inputs, outputs, size, padding=(0, padding), **others)

    @property
    def past(self) -> int:
        """Frames before its own that an answer hears: what a stream has to remember."""
        return self.dilation[0] * (self.kernel_size[0] - 1) + 1 - self.stride[0]

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(after_zeros(x, self))


def after_zeros(x: Tensor, convolution: nn.Conv2d) -> Tensor:
    """The map with the zeros that a causal convolution wants before it, and as it is for any other."""
    return pad(x, (0, 0, convolution.past, 0)) if isinstance(convolution, CausalConv2d) else x


def before_zeros(x: Tensor, frames: int) -> Tensor:
    """Features `[..., frames, mels]`, standardised, with so many of the mean behind the last."""
    return pad(x, (0, 0, 0, frames)) if frames else x

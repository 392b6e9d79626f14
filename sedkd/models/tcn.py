"""A temporal convolutional network behind a student's body (Lea et al. 2017, Bai et al. 2018): each layer hears over
time with a wider dilation than the one before, depthwise, and then mixes channels.

Unlike a GRU it is quantised by every runtime, and its layers are computed for all frames at once. There are no
shortcuts past the layers: it is a chain like the body, and is sliced, joined and streamed like it.
"""

from typing import Any

from torch import nn

from sedkd.models.causal import CausalConv2d
from sedkd.models.norm import NormReLU
from sedkd.models.settings import TCN_DILATIONS, TCN_KERNEL


def tcn(channels: int, causal: bool) -> nn.Sequential:
    """From `[batch, channels, frames, 1]` to maps of the same shape; a causal one knows the past alone."""
    return nn.Sequential(*(_layer(channels, dilation, causal) for dilation in TCN_DILATIONS))


def _layer(channels: int, dilation: int, causal: bool) -> nn.Sequential:
    size, options = (TCN_KERNEL, 1), dict[str, Any](dilation=(dilation, 1), groups=channels, bias=False)
    if causal:
        over_time: nn.Conv2d = CausalConv2d(channels, channels, size, **options)
    else:
        over_time = nn.Conv2d(channels, channels, size, padding=(dilation * (TCN_KERNEL // 2), 0), **options)
    mixing = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(nn.Sequential(over_time, NormReLU(channels)), nn.Sequential(mixing, NormReLU(channels)))

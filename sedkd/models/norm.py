"""Batch normalisation with a rectifier behind it, as one operation where a CPU trains.

On a CPU the two take longer than the convolutions between them: torch's own go through channels-last maps channel by
channel unless there is a multiple of eight of them. Here a map is looked at as a matrix whose rows hold several pixels,
so that any number of channels fills the vector units, and only sums, products and signs go over it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, relu

VECTOR = 8  # channels of which torch's own normalisation has a quick way for every multiple
FILLED = 64  # columns of the matrix, at least


class NormReLU(nn.BatchNorm2d):
    """`relu(BatchNorm2d(x))` of maps `[batch, channels, frames, bands]`, with BatchNorm2d's weights and statistics
    (Ioffe & Szegedy 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.momentum is None:
            return relu(super().forward(x))
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        running = self.running_mean, self.running_var
        return norm_relu(x, self.weight, self.bias, *running, self.momentum, self.eps)


def norm_relu(
    x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, momentum: float, eps: float
) -> Tensor:
    """The normalised and rectified map by the batch's own statistics, towards which `mean` and `variance`
    `[channels]` are moved by `momentum`."""
    channels = x.shape[1]
    if x.device.type != "cpu" or x.dtype != torch.float32 or channels % VECTOR == 0:
        return relu(batch_norm(x, mean, variance, weight, bias, True, momentum, eps), inplace=True)
    y, batch_mean, batch_variance = _NormReLU.apply(x, weight, bias, eps)
    with torch.no_grad():
        count = x.numel() // channels
        mean.lerp_(batch_mean, momentum)
        variance.lerp_(batch_variance * (count / max(count - 1, 1)), momentum)
    return y


class _NormReLU(torch.autograd.Function):
    """Also answers the batch's mean and (biased) variance per channel, which have no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        rows, pixels = _rows(x)
        count = x.numel() // x.shape[1]
        mean = _per_channel(rows, pixels) / count
        variance = (_per_channel(rows * rows, pixels) / count - mean * mean).clamp_min_(0)
        inverse = (variance + eps).rsqrt()
        scale = weight * inverse
        y = torch.addcmul((bias - mean * scale).repeat(pixels), rows, scale.repeat(pixels)).relu_()
        ctx.save_for_backward(rows, y, scale, mean, inverse)
        ctx.pixels, ctx.count, ctx.shape = pixels, count, x.shape
        ctx.mark_non_differentiable(mean, variance)
        return _as_map(y, x.shape), mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        rows, y, scale, mean, inverse = ctx.saved_tensors
        pixels, count = ctx.pixels, ctx.count
        passed = y.sign().mul_(_rows(gradients[0])[0])  # what the rectifier lets through
        bias = _per_channel(passed, pixels)
        weight = (_per_channel(passed * rows, pixels) - mean * bias) * inverse
        slope = -scale * inverse * weight / count
        offset = -scale * bias / count - slope * mean
        found = torch.addcmul(offset.repeat(pixels), rows, slope.repeat(pixels)).addcmul_(passed, scale.repeat(pixels))
        return _as_map(found, ctx.shape), weight, bias, None


def _rows(x: Tensor) -> tuple[Tensor, int]:
    """A map as a matrix `[n, pixels * channels]`, and how many pixels lie in a row: as many as fill it."""
    batch, channels, frames, bands = x.shape
    count, pixels = batch * frames * bands, 1
    while pixels * channels < FILLED and count % (2 * pixels) == 0:
        pixels *= 2
    return x.permute(0, 2, 3, 1).reshape(count // pixels, pixels * channels), pixels


def _per_channel(rows: Tensor, pixels: int) -> Tensor:
    return rows.sum(0).view(pixels, -1).sum(0)


def _as_map(rows: Tensor, shape: torch.Size) -> Tensor:
    batch, channels, frames, bands = shape
    return rows.view(batch, frames, bands, channels).permute(0, 3, 1, 2)

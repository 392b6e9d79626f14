"""Batch normalisation with a rectifier behind it, as one operation where a CPU trains: as two, they took longer than
the convolutions between them."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, relu

# Of every multiple of VECTOR channels torch's own normalisation is quicker on several threads, and where a map has
# LARGE numbers, which no cache holds.
VECTOR = 8
LARGE = 1 << 21
FILLED = 64  # columns of the matrix that a map is looked at as, at least


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
    quick = channels % VECTOR == 0 and (x.numel() >= LARGE or torch.get_num_threads() > 1)
    if quick or x.device.type != "cpu" or x.dtype != torch.float32:
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
        from sedkd.models.loops.norm import normalised

        rows = _rows(x)
        y = torch.empty_like(rows)
        found = normalised(rows.numpy(), weight.numpy(), bias.numpy(), eps, y.numpy())
        mean, variance, *columns = map(torch.from_numpy, found)
        ctx.save_for_backward(rows, *columns, weight, bias, variance)
        ctx.eps, ctx.shape = eps, x.shape
        ctx.mark_non_differentiable(mean, variance)
        return _as_map(y, x.shape), mean, variance

    @staticmethod
    def backward(ctx: Any, *passed: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        from sedkd.models.loops.norm import gradients

        rows, *rest = ctx.saved_tensors
        of_rows = torch.empty_like(rows)
        own = (tensor.detach().numpy() for tensor in rest)
        weight, bias = gradients(rows.numpy(), _rows(passed[0]).numpy(), *own, ctx.eps, of_rows.numpy())
        return _as_map(of_rows, ctx.shape), torch.from_numpy(weight), torch.from_numpy(bias), None


def _rows(x: Tensor) -> Tensor:
    """A map as a matrix `[n, pixels * channels]`, with as many pixels in a row as fill it."""
    batch, channels, frames, bands = x.shape
    count, pixels = batch * frames * bands, 1
    while pixels * channels < FILLED and count % (2 * pixels) == 0:
        pixels *= 2
    return x.permute(0, 2, 3, 1).reshape(count // pixels, pixels * channels)


def _as_map(rows: Tensor, shape: torch.Size) -> Tensor:
    batch, channels, frames, bands = shape
    return rows.view(batch, frames, bands, channels).permute(0, 3, 1, 2)

"""Normalisation, rectifier, and pooling or convolution behind them by numba's loops, with gradients.

As operations of their own they take longer than the convolutions between them. A small student's maps are some
megabytes, and all of those that a step's gradients want are more than a processor's caches hold: from memory the same
loop takes eight times as long. So no more of them are kept than must be. What a convolution heard is computed anew from
what was normalised, and what is pooled is never written at full size.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d

FILLED = 256  # columns of the matrix that a map is looked at as, at least
ALONE = (1, 1)  # a pixel that is pooled with none


class LoopedNormReLU(torch.autograd.Function):
    """`relu(weight * (x - mean) / sqrt(variance + eps) + bias)` of maps `[batch, channels, frames, bands]`, and its
    mean over areas of `size` frames and bands, which divides the map's. Also answers the batch's mean and (biased)
    variance per channel, which have no gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        from sedkd.models.loops.norm import normalised

        batch, channels, frames, bands = x.shape
        high, wide = size
        rows = _rows(x) if size == ALONE else x.permute(0, 2, 3, 1).reshape(batch * frames, bands * channels)
        y = torch.empty(len(rows) // high, rows.shape[1] // wide)
        found = normalised(rows.numpy(), weight.numpy(), bias.numpy(), eps, high, wide, y.numpy())
        mean, variance, table = map(torch.from_numpy, found)
        ctx.save_for_backward(rows, table, weight, variance)
        ctx.eps, ctx.size, ctx.shape = eps, size, x.shape
        ctx.mark_non_differentiable(mean, variance)
        return _as_map(y, (batch, channels, frames // high, bands // wide)), mean, variance

    @staticmethod
    def backward(ctx: Any, *passed: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        rows, table, weight, variance = ctx.saved_tensors
        high, wide = ctx.size
        pooled = passed[0].permute(0, 2, 3, 1).reshape(len(rows) // high, rows.shape[1] // wide)
        found = _gradients(rows, pooled, table, weight, variance, ctx.eps, ctx.size, torch.empty_like(rows))
        of_rows, of_weight, of_bias = found
        return _as_map(of_rows, ctx.shape), of_weight, of_bias, None, None


class LoopedNormReLUConv(torch.autograd.Function):
    """What a convolution makes of it: `how` are its stride, padding, dilation and groups. Else as above."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, kernel: Tensor, how: tuple[Any, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        from sedkd.models.loops.norm import normalised

        rows = _rows(x)
        heard = torch.empty_like(rows)
        found = normalised(rows.numpy(), weight.numpy(), bias.numpy(), eps, *ALONE, heard.numpy())
        mean, variance, table = map(torch.from_numpy, found)
        ctx.save_for_backward(rows, table, weight, variance, kernel)
        ctx.eps, ctx.how, ctx.shape = eps, how, x.shape
        ctx.mark_non_differentiable(mean, variance)
        return conv2d(_as_map(heard, x.shape), kernel, None, *how), mean, variance

    @staticmethod
    def backward(ctx: Any, *passed: Tensor) -> tuple[Tensor, Tensor, Tensor, None, Tensor, None]:
        from sedkd.models.loops.norm import rectified

        rows, table, weight, variance, kernel = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.how
        heard = torch.empty_like(rows)
        rectified(rows.numpy(), table.numpy(), heard.numpy())
        of_heard, of_kernel, _ = torch.ops.aten.convolution_backward(
            passed[0], _as_map(heard, ctx.shape), kernel, None, stride, padding, dilation, False, (0, 0), groups,
            (True, True, False),
        )  # fmt: skip
        passed_on = _rows(of_heard)
        found = _gradients(rows, passed_on, table, weight, variance, ctx.eps, ALONE, passed_on)  # in its place
        of_rows, of_weight, of_bias = found
        return _as_map(of_rows, ctx.shape), of_weight, of_bias, None, of_kernel, None


def _gradients(
    rows: Tensor, passed: Tensor, table: Tensor, weight: Tensor, variance: Tensor, eps: float, size: tuple[int, int],
    out: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    from sedkd.models.loops.norm import gradients

    own = (tensor.detach().numpy() for tensor in (rows, passed, table, weight, variance))
    of_weight, of_bias = gradients(*own, eps, *size, out.numpy())
    return out, torch.from_numpy(of_weight), torch.from_numpy(of_bias)


def _rows(x: Tensor) -> Tensor:
    """A map as a matrix `[n, pixels * channels]`, with as many pixels in a row as fill it."""
    batch, channels, frames, bands = x.shape
    count, pixels = batch * frames * bands, 1
    while pixels * channels < FILLED and count % (2 * pixels) == 0:
        pixels *= 2
    return x.permute(0, 2, 3, 1).reshape(count // pixels, pixels * channels)


def _as_map(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    batch, channels, frames, bands = shape
    return rows.view(batch, frames, bands, channels).permute(0, 3, 1, 2)

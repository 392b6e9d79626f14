"""Batch normalisation with a rectifier behind it, as one operation with what follows it where a CPU trains.

As operations of their own they take longer than the convolutions between them. A small student's maps are some
megabytes, and all of those that a step's gradients want are more than a processor's caches hold: from memory the same
loop takes eight times as long. So no more of them are kept than must be. What a convolution heard is computed anew from
what was normalised, and what is pooled is never written at full size.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

VECTOR = 8  # of every multiple of so many channels torch's own normalisation is quicker on several threads
FILLED = 256  # columns of the matrix that a map is looked at as, at least
ALONE = (1, 1)  # a pixel that is pooled with none


class Norm(NamedTuple):
    """A normalisation's weights, and its statistics, which a batch moves by `momentum`; each `[channels]`."""

    weight: Tensor
    bias: Tensor
    mean: Tensor
    variance: Tensor
    momentum: float
    eps: float


class Kernel(NamedTuple):
    """A convolution's weight `[outputs, inputs / groups, frames, bands]`, and how it is applied."""

    weight: Tensor
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


class NormReLU(nn.BatchNorm2d):
    """`relu(BatchNorm2d(x))` of maps `[batch, channels, frames, bands]`, with BatchNorm2d's weights and statistics
    (Ioffe & Szegedy 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        return norm_relu(x, self.counted()) if self.training else relu(super().forward(x))

    def counted(self) -> Norm:
        """Its parts, for one batch, which is counted."""
        mean, variance, seen = self.running_mean, self.running_var, self.num_batches_tracked
        assert mean is not None
        assert variance is not None
        assert seen is not None
        seen += 1
        momentum = 1 / int(seen) if self.momentum is None else self.momentum  # as BatchNorm2d: the mean of all batches
        return Norm(self.weight, self.bias, mean, variance, momentum, self.eps)


def norm_relu(x: Tensor, norm: Norm) -> Tensor:
    """The normalised and rectified map by the batch's own statistics, towards which the running ones are moved."""
    if not _looped(x):
        return _by_torch(x, norm)
    y, *found = _NormReLU.apply(x, norm.weight, norm.bias, norm.eps, ALONE)
    _move(norm, x, *found)
    return y


def norm_relu_pool(x: Tensor, norm: Norm, size: tuple[int, int]) -> Tensor:
    """The mean of `norm_relu(x, norm)` over areas of so many frames and bands."""
    if size == ALONE:
        return norm_relu(x, norm)
    if not _looped(x) or x.shape[2] % size[0] or x.shape[3] % size[1]:
        return avg_pool2d(norm_relu(x, norm), size)
    y, *found = _NormReLU.apply(x, norm.weight, norm.bias, norm.eps, size)
    _move(norm, x, *found)
    return y


def norm_relu_conv(x: Tensor, norm: Norm, kernel: Kernel) -> Tensor:
    """What a convolution makes of `norm_relu(x, norm)`."""
    if not _looped(x):
        return convolved(_by_torch(x, norm), kernel)
    y, *found = _NormReLUConv.apply(x, norm.weight, norm.bias, norm.eps, kernel.weight, kernel[1:])
    _move(norm, x, *found)
    return y


def convolved(x: Tensor, kernel: Kernel) -> Tensor:
    """What a convolution makes of the map."""
    if x.device.type == "cpu" or kernel.weight.shape[2:] != (1, 1) or not x.is_contiguous():
        return conv2d(x, kernel.weight, None, *kernel[1:])
    # A GPU's convolutions know no good way for 1 x 1 ones in groups; they are a product of matrices per group.
    batch, _, frames, bands = x.shape
    weight = kernel.weight.view(kernel.groups, -1, kernel.weight.shape[1])
    products = weight @ x.view(batch, kernel.groups, -1, frames * bands)
    return products.view(batch, -1, frames, bands)


def _looped(x: Tensor) -> bool:
    """Whether loops are quicker than torch's operations."""
    if x.device.type != "cpu" or x.dtype != torch.float32:
        return False
    return x.shape[1] % VECTOR != 0 or torch.get_num_threads() == 1


def _by_torch(x: Tensor, norm: Norm) -> Tensor:
    statistics = norm.mean, norm.variance
    return relu(batch_norm(x, *statistics, norm.weight, norm.bias, True, norm.momentum, norm.eps), inplace=True)


@torch.no_grad()
def _move(norm: Norm, x: Tensor, mean: Tensor, variance: Tensor) -> None:
    count = x.numel() // x.shape[1]
    norm.mean.lerp_(mean, norm.momentum)
    norm.variance.lerp_(variance * (count / max(count - 1, 1)), norm.momentum)


class _NormReLU(torch.autograd.Function):
    """Pooled by `size`. Also answers the batch's mean and (biased) variance per channel, which have no gradient."""

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


class _NormReLUConv(torch.autograd.Function):
    """With a convolution behind it, of which `how` is a Kernel's but its weight; else as above."""

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
        # The gradient takes the place of what the convolution heard.
        found = _gradients(rows, _rows(of_heard), table, weight, variance, ctx.eps, ALONE, heard)
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

"""Batch normalisation with a rectifier behind it, as one operation with what follows it where a CPU trains."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

from sedkd.models.looped_norm import ALONE, LoopedNormReLU, LoopedNormReLUConv

VECTOR = 8  # of every multiple of so many channels torch's own normalisation is quicker on several threads


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
    y, *found = LoopedNormReLU.apply(x, norm.weight, norm.bias, norm.eps, ALONE)
    _move(norm, x, *found)
    return y


def norm_relu_pool(x: Tensor, norm: Norm, size: tuple[int, int]) -> Tensor:
    """The mean of `norm_relu(x, norm)` over areas of so many frames and bands."""
    if size == ALONE:
        return norm_relu(x, norm)
    if not _looped(x) or x.shape[2] % size[0] or x.shape[3] % size[1]:
        return avg_pool2d(norm_relu(x, norm), size)
    y, *found = LoopedNormReLU.apply(x, norm.weight, norm.bias, norm.eps, size)
    _move(norm, x, *found)
    return y


def norm_relu_conv(x: Tensor, norm: Norm, kernel: Kernel) -> Tensor:
    """What a convolution makes of `norm_relu(x, norm)`."""
    if not _looped(x):
        return convolved(_by_torch(x, norm), kernel)
    y, *found = LoopedNormReLUConv.apply(x, norm.weight, norm.bias, norm.eps, kernel.weight, kernel[1:])
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

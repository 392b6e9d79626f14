"""A body's layers in training: each normalisation is computed as one operation with the layer that follows it."""

from collections.abc import Callable, Iterable, Iterator

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from sedkd.models.causal import CausalConv2d, after_zeros
from sedkd.models.norm import Kernel, Norm, NormReLU, convolved, norm_relu, norm_relu_conv, norm_relu_pool

LINKS = (nn.Conv2d, NormReLU, nn.AvgPool2d)

Link = tuple[str, nn.Module]


def links(part: nn.Module, prefix: str) -> Iterator[Link]:
    """Convolutions, normalisations and poolings of a part in the order in which they are run, with their names."""
    return ((f"{prefix}.{name}", module) for name, module in part.named_modules() if isinstance(module, LINKS))


def chained(
    chain: Iterable[Link],
    x: Tensor,
    norm_of: Callable[[str, NormReLU], Norm],
    kernel_of: Callable[[str, nn.Conv2d], Kernel],
) -> Tensor:
    """What the layers make of a map `[batch, channels, frames, bands]` in training, by the weights that `norm_of` and
    `kernel_of` answer."""
    waiting: Norm | None = None
    for name, layer in chain:
        if isinstance(layer, NormReLU):
            waiting = norm_of(name, layer)
            continue
        if isinstance(layer, nn.AvgPool2d):
            x = _pooled(x, waiting, layer)
        elif isinstance(layer, nn.Conv2d):
            x = _convolved(x, waiting, layer, kernel_of(name, layer))
        waiting = None
    return norm_relu(x, waiting) if waiting else x


def own_norm(_: str, layer: NormReLU) -> Norm:
    """That of the layer itself."""
    return layer.counted()


def own_kernel(_: str, layer: nn.Conv2d) -> Kernel:
    """That of the layer itself."""
    return kernel_of(layer, layer.weight)


def kernel_of(layer: nn.Conv2d, weight: Tensor, times: int = 1) -> Kernel:
    """A layer's way to be applied with another weight, that of `times` such layers side by side."""
    assert not isinstance(layer.padding, str)
    return Kernel(weight, layer.stride, layer.padding, layer.dilation, times * layer.groups)


def _pooled(x: Tensor, norm: Norm | None, layer: nn.AvgPool2d) -> Tensor:
    size = layer.kernel_size
    high, wide = (size, size) if isinstance(size, int) else size
    return norm_relu_pool(x, norm, (high, wide)) if norm else avg_pool2d(x, (high, wide))


def _convolved(x: Tensor, norm: Norm | None, layer: nn.Conv2d, kernel: Kernel) -> Tensor:
    if norm and not isinstance(layer, CausalConv2d):
        return norm_relu_conv(x, norm, kernel)
    return convolved(after_zeros(norm_relu(x, norm) if norm else x, layer), kernel)

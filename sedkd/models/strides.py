"""Open a pretrained network's time strides, so that it answers often without losing its receptive field."""

import torch
from torch import Tensor, nn


def open_time_strides(network: nn.Module, example: Tensor, stride: int) -> None:
    """Limit the network's reduction along time (the last axis) to `stride`, in place.

    A layer whose input is already reduced that far gets time stride 1, and later kernels are dilated in time by what
    was lost before them ("a trous", Chen et al. 2017, section 3.1), so that pretrained weights keep their meaning.
    `example` is an input `[1, channels, frequency, time]` whose time is a multiple of the whole reduction.
    """
    reduction = _reduction_before(network, example)
    for layer, before in reduction.items():
        kept = min(before, stride)
        if isinstance(layer, nn.Conv2d):
            _open_convolution(layer, opened=before >= stride, dilation=before // kept)
        elif before >= stride:
            for name, along_time in (("kernel_size", 1), ("stride", 1), ("padding", 0)):
                setattr(layer, name, (_pair(getattr(layer, name))[0], along_time))


def _reduction_before(network: nn.Module, example: Tensor) -> dict[nn.Module, int]:
    """How far time is reduced at the input of each convolution and pooling layer."""
    reduction: dict[nn.Module, int] = {}

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if inputs[0].shape[-1] > 1:  # squeeze-excitation works on 1 x 1 maps and has no time axis
            reduction[layer] = round(example.shape[-1] / inputs[0].shape[-1])

    layers: list[nn.Module] = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d)]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    training = network.training
    with torch.no_grad():
        network.eval()(example)
    network.train(training)
    for hook in hooks:
        hook.remove()
    return reduction


def _open_convolution(layer: nn.Conv2d, opened: bool, dilation: int) -> None:
    if isinstance(layer.padding, str):
        raise ValueError("a backbone that pads by name ('same') cannot be opened; choose one with symmetric padding")
    if opened:
        layer.stride = (layer.stride[0], 1)
    size = layer.kernel_size[1]
    if size > 1 and dilation > 1:
        layer.dilation = (layer.dilation[0], layer.dilation[1] * dilation)
        layer.padding = (layer.padding[0], layer.padding[1] * dilation)


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])

"""A causal student as one step of a stream: a few feature frames and what it remembers in, answers and memory out.

Every convolution remembers the frames before its own, a GRU its state; all begin with zeros, which is what the student
pads with. So the answers of step after step are those that the student gives for the whole recording.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d
from torch.nn.utils.fusion import fuse_conv_bn_weights

from sedkd.models.causal import CausalConv2d
from sedkd.models.norm import NormReLU
from sedkd.models.student import Student


class StreamStep(nn.Module):
    """A causal `student` in evaluation; an export of it answers `count` times in a step.

    `forward` takes log-mel frames `[batch, count * stride, n_mels]` and the states, and returns probabilities
    `[batch, count, labels]` and the new states, of the same shapes. The first `student.delay` answers of a stream are
    about what was before its beginning; behind its end that many are asked for with frames of the features' mean.

    Raises:
        ValueError: the student hears whole recordings.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, student: Student, count: int = 1) -> None:
        super().__init__()
        if not student.settings.causal:
            raise ValueError("a student without a look-ahead hears whole recordings")
        self.frames, self.stride = count * student.stride, student.stride
        self.register_buffer("mean", student.mean.detach().clone())
        self.register_buffer("std", student.std.detach().clone())
        self.layers = nn.ModuleList(_layers(student.stem, student.blocks))
        self.tcn = nn.ModuleList(_layers(student.tcn) if student.tcn is not None else [])  # over time alone
        self.gru = student.gru
        self.classifier = student.classifier
        self.eval()

    def forward(self, frames: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        x = ((frames - self.mean) / self.std).unsqueeze(1)
        kept, new = list(states), list[Tensor]()
        x = _remembering(self.layers, x, kept, new)
        # The mean over the bands, by an operator that runtimes quantise.
        x = _remembering(self.tcn, avg_pool2d(x, (1, x.shape[3])), kept, new)
        x = x.squeeze(3).transpose(1, 2)
        if self.gru is not None:
            x, state = self.gru(x, kept.pop(0))
            new.append(state)
        return torch.sigmoid(self.classifier(x)), *new

    def beginning(self, batch: int = 1) -> list[Tensor]:
        """The states before the first frame: zeros."""
        shapes = list[tuple[int, ...]]()
        for layer, channels, bands in self.convolutions():
            if layer.past:
                shapes.append((batch, channels, layer.past, bands))
        if self.gru is not None:
            shapes.append((1, batch, self.gru.hidden_size))
        return [self.mean.new_zeros(shape) for shape in shapes]

    def convolutions(self) -> "Iterator[tuple[Convolution, int, int]]":
        """Each with the channels and the bands of what goes in."""
        x = self.mean.new_zeros(1, 1, self.frames, len(self.mean))
        for part in (self.layers, self.tcn):
            for layer in part:
                if isinstance(layer, Convolution):
                    yield layer, x.shape[1], x.shape[3]
                    x = torch.cat([x.new_zeros(1, x.shape[1], layer.past, x.shape[3]), x], dim=2)
                x = layer(x)
            x = x[..., :1]  # as the mean over the bands leaves it


class Convolution(nn.Module):
    """A convolution with the normalisation behind it folded in, and the rectifier; `past` frames come before it."""

    def __init__(self, convolution: nn.Conv2d, norm: NormReLU) -> None:
        super().__init__()
        self.past = convolution.past if isinstance(convolution, CausalConv2d) else 0
        self.convolution = nn.Conv2d(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            stride=convolution.stride,  # type: ignore[arg-type]
            padding=convolution.padding,  # type: ignore[arg-type]
            dilation=convolution.dilation,  # type: ignore[arg-type]
            groups=convolution.groups,
        )
        self.convolution.weight, self.convolution.bias = _folded(convolution, norm)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.convolution(x))


def _remembering(layers: Iterable[nn.Module], x: Tensor, kept: list[Tensor], new: list[Tensor]) -> Tensor:
    """The map behind the layers; those that remember take a state from `kept`, and add the next one to `new`."""
    for layer in layers:
        if isinstance(layer, Convolution) and layer.past:
            x = torch.cat([kept.pop(0), x], dim=2)
            new.append(x[:, :, -layer.past :])
        x = layer(x)
    return x


def _layers(*parts: nn.Module) -> list[nn.Module]:
    """Convolutions, each with its normalisation, and poolings, in the order in which they are run."""
    found: list[nn.Module] = []
    waiting: Any = None
    for module in (module for part in parts for module in part.modules()):
        if isinstance(module, nn.Conv2d):
            waiting = module
        elif isinstance(module, NormReLU):
            found.append(Convolution(waiting, module))
        elif isinstance(module, nn.AvgPool2d):
            found.append(module)
    return found


def _folded(convolution: nn.Conv2d, norm: NormReLU) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias, computed in double precision on the CPU."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    parts = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    mean, variance, scale, offset = (part.detach().cpu().double() for part in parts)
    weight = convolution.weight.detach().cpu().double()
    folded = fuse_conv_bn_weights(weight, None, mean, variance, norm.eps, scale, offset)
    device = convolution.weight.device
    weight, bias = (nn.Parameter(part.detach().float().to(device), requires_grad=False) for part in folded)
    return weight, bias

"""A narrow student cut out of a wide, trained one.

Channels are ranked by the magnitude of their batch normalisations' scales ("network slimming", Liu et al. 2017), hidden
units of the GRU by the norm of their outgoing weights. Those that are kept stay in order.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

GATES = 3  # of a GRU: reset, update, new


@torch.no_grad()
def sliced(wide: Student, settings: StudentSettings) -> Student:
    """The student of `settings` (block `conv` or `separable`, no wider than `wide`, else equal to it) with the most
    important channels of `wide`, for the same labels and with the same feature statistics."""
    narrow = Student(settings, wide.labels)
    narrow.standardise_by(wide.mean, wide.std)
    kept = _slice_convolutions(wide, narrow)
    if wide.gru is not None and narrow.gru is not None:
        kept = _slice_gru(wide.gru, narrow.gru, wide.classifier.weight, kept)
    narrow.classifier.weight.copy_(wide.classifier.weight[:, kept])
    narrow.classifier.bias.copy_(wide.classifier.bias)
    return narrow


def _slice_convolutions(wide: Student, narrow: Student) -> Tensor:
    """Fill the convolutional part; which channels of the wide one's output it has."""
    ours, theirs = _layers(narrow), _layers(wide)
    kept = torch.zeros(1, dtype=torch.long)  # the input's only channel
    for i, ((conv, norm), (wide_conv, wide_norm)) in enumerate(zip(ours, theirs, strict=True)):
        if wide_conv.groups == 1:
            outputs = _largest(_importance(theirs[i:]), conv.out_channels)
            conv.weight.copy_(wide_conv.weight[outputs][:, kept])
            kept = outputs
        else:  # depthwise: every channel goes its own way
            conv.weight.copy_(wide_conv.weight[kept])
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm, name).copy_(getattr(wide_norm, name)[kept])
        norm.num_batches_tracked.copy_(wide_norm.num_batches_tracked)
    return kept


def _layers(student: Student) -> list[tuple[nn.Conv2d, Any]]:
    """The convolutions in order, each with the batch normalisation behind it."""
    convolutions = [m for m in student.modules() if isinstance(m, nn.Conv2d)]
    return list(zip(convolutions, [m for m in student.modules() if isinstance(m, nn.BatchNorm2d)], strict=True))


def _importance(layers: Sequence[tuple[nn.Conv2d, Any]]) -> Tensor:
    """Of the first layer's output channels: the product of the scales that each meets before channels mix again."""
    importance = layers[0][1].weight.abs()
    for conv, norm in layers[1:]:
        if conv.groups == 1:
            break
        importance = importance * norm.weight.abs()
    return importance


def _slice_gru(wide: nn.GRU, narrow: nn.GRU, outgoing: Tensor, inputs: Tensor) -> Tensor:
    """Fill the GRU of one or both directions, whose inputs are those of the wide one named by `inputs`, and whose
    outputs go to a linear layer with the weight `outgoing` `[labels, directions * hidden]`; which outputs of the wide
    one it has."""
    outputs = []
    for direction, suffix in enumerate(("", "_reverse") if wide.bidirectional else ("",)):
        columns = outgoing[:, direction * wide.hidden_size :][:, : wide.hidden_size]
        recurrent = getattr(wide, f"weight_hh_l0{suffix}")
        units = _largest(torch.cat([columns, recurrent]).norm(dim=0), narrow.hidden_size)
        rows = torch.cat([gate * wide.hidden_size + units for gate in range(GATES)])
        getattr(narrow, f"weight_ih_l0{suffix}").copy_(getattr(wide, f"weight_ih_l0{suffix}")[rows][:, inputs])
        getattr(narrow, f"weight_hh_l0{suffix}").copy_(recurrent[rows][:, units])
        for name in ("bias_ih_l0", "bias_hh_l0"):
            getattr(narrow, name + suffix).copy_(getattr(wide, name + suffix)[rows])
        outputs.append(direction * wide.hidden_size + units)
    return torch.cat(outputs)


def _largest(importance: Tensor, count: int) -> Tensor:
    """Indices of the `count` largest, in ascending order."""
    return importance.argsort(descending=True, stable=True)[:count].sort().values

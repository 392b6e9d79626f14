"""The working memory of one step of a stream, without writing the step: what its C takes (`sedkd.device.network`).

The calls of the step are those that the exporter makes of `sedkd.models.step.StreamStep`, one after the other.
"""

from collections.abc import Iterable
from math import prod

import torch
from torch import nn

from sedkd.cost.placing import Array, placed
from sedkd.models.step import Convolution, StreamStep

FLOAT = 4  # bytes


class _Calls:
    """Calls in their order, each writing one array, and which array each of them reads."""

    def __init__(self) -> None:
        self.sizes: list[int] = []  # by array
        self.uses: list[list[int]] = []  # by array: the calls
        self.count = 0

    def make(self, size: int, *read: int | None) -> int:
        """A call that writes a new array of `size` numbers, reading others (None: what comes from outside)."""
        self.use(*read)
        self.sizes.append(size)
        self.uses.append([self.count - 1])
        return len(self.sizes) - 1

    def use(self, *read: int | None) -> None:
        """A call that writes what is given away."""
        for array in read:
            if array is not None:
                self.uses[array].append(self.count)
        self.count += 1

    def numbers(self) -> int:
        """How many numbers all arrays need together."""
        arrays = [
            Array(str(i), size, uses[0], uses[-1])
            for i, (size, uses) in enumerate(zip(self.sizes, self.uses, strict=True))
        ]
        return placed(arrays)[1]


def working_bytes(step: StreamStep) -> int:
    """Bytes of the arrays between the calls of a step."""
    calls, x = _Calls(), torch.zeros(1, 1, step.frames, len(step.mean))
    frames = x.numel()
    now = calls.make(frames, calls.make(frames, calls.make(frames)))  # minus mean, over deviation, an axis more
    x, now = _layered(calls, step.layers, x, now)
    x = x[..., :1]  # mean over the bands
    now = calls.make(x.numel(), now)
    x, now = _layered(calls, step.tcn, x, now)
    answers = x.shape[2]
    for _ in range(2):  # without their axis, time first
        now = calls.make(x.numel(), now)
    if step.gru is not None:
        now = _recurrent(calls, answers * step.gru.hidden_size, now)
    logits = calls.make(answers * step.classifier.out_features, now)
    calls.use(calls.make(answers * step.classifier.out_features, logits))
    return FLOAT * calls.numbers()


def _layered(calls: _Calls, layers: Iterable[nn.Module], x: torch.Tensor, now: int) -> tuple[torch.Tensor, int]:
    """Layers one after the other: their last map, and its array."""
    with torch.inference_mode():
        for layer in layers:
            past = layer.past if isinstance(layer, Convolution) else None
            if past:
                x = torch.cat([x.new_zeros(1, x.shape[1], past, x.shape[3]), x], dim=2)
                now = calls.make(x.numel(), now)
                calls.use(now)  # the new state
            x = layer(x)
            now = calls.make(x.numel(), now)
            if past is not None:
                now = calls.make(x.numel(), now)  # the rectifier
    return x, now


def _recurrent(calls: _Calls, size: int, now: int) -> int:
    """A GRU, its answers with axes in another order and in another shape; then its new state."""
    answers = calls.make(size, now)
    now = calls.make(size, calls.make(size, answers))
    calls.use(answers)
    return now


def state_bytes(step: StreamStep) -> int:
    """Bytes of what a step remembers."""
    return FLOAT * sum(prod(state.shape) for state in step.beginning())


def weight_bytes_of(step: StreamStep) -> int:
    """Bytes of a step's weights, normalisation folded in, as float32."""
    return FLOAT * sum(each.numel() for each in (*step.parameters(), *step.buffers()))

"""K students of one architecture as one network, whose layers do all of them at once: grouped convolutions.

A student is small, and a step of it is mostly overhead; K of them cost little more than one. No value of one student
enters another's: each has its own groups of channels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d

from sedkd.models.bodies import MAP_AFTER
from sedkd.models.causal import after_zeros, before_zeros
from sedkd.models.frame import FrameOutput
from sedkd.models.norm import NormReLU, norm_relu
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

BLOCKS = ("conv", "separable")
RUNNING = ("running_mean", "running_var")


def can_join(settings: StudentSettings) -> bool:
    """Whether students of this architecture can be trained as one network. A GRU is computed frame after frame, K of
    them no faster together than one by one, and timm's and MobileNet's blocks are other people's code."""
    return settings.block in BLOCKS and settings.head != "gru"


class CohortNet(nn.Module):
    """The network of `students`, which keep their weights until `write_back`.

    All weights lie in one parameter `flat` `[K, weights]`, a row per student, so that an optimiser's step is
    a handful of operations however many layers there are.

    Raises:
        ValueError: the students are not of one architecture with equally many labels, or it cannot be joined.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, students: Sequence[Student]) -> None:
        super().__init__()
        first = students[0]
        kinds = {(student.settings, len(student.labels)) for student in students}
        if len(kinds) > 1 or not can_join(first.settings):
            raise ValueError(f"students that cannot be joined: {kinds}")
        self.students, self.count = list(students), len(students)
        self.shapes = {name: part.shape for name, part in first.named_parameters()}
        self.flat = nn.Parameter(torch.stack([_row(student) for student in students]))
        self.statistics = {
            name: tuple(torch.cat([getattr(_norms(s)[name], what) for s in students]) for what in RUNNING)
            for name in _norms(first)
        }
        norm = next(iter(_norms(first).values()))
        self.before = int(norm.get_buffer("num_batches_tracked"))
        self.momentum, self.eps = norm.momentum or 0.0, norm.eps
        self.register_buffer("mean", torch.stack([student.mean for student in students]))
        self.register_buffer("std", torch.stack([student.std for student in students]))

    def forward(self, features: Tensor) -> FrameOutput:
        """Features `[K, batch, frames * stride, mels]` to what each student answers, with the same first axis."""
        weights, first = self._weights(), self.students[0]
        scale = 1 / self.std[:, None, None]
        x = torch.addcmul(-self.mean[:, None, None] * scale, features, scale).transpose(0, 1)
        x = self._ordered(before_zeros(x, first.delay * first.stride))
        x = self._convolved(x, first.stem.get_submodule("0"), weights["stem.0.weight"])
        feature_map = x = self._normed(x, "stem.1", weights)
        for number, layer in enumerate(first.blocks.children()):
            if isinstance(layer, nn.AvgPool2d):
                x = avg_pool2d(x, layer.kernel_size)
            else:
                x = self._layered(x, layer, f"blocks.{number}", weights)
            if number + 1 <= MAP_AFTER:
                feature_map = x
        x = x.mean(dim=3, keepdim=True)
        if first.tcn is not None:
            x = self._layered(x, first.tcn, "tcn", weights)
        embedding = self._apart(x.squeeze(3)).transpose(2, 3)
        logits = torch.einsum("kbtc,klc->kbtl", embedding, weights["classifier.weight"])
        logits = logits + weights["classifier.bias"][:, None, None]
        return first.in_time(FrameOutput(logits, embedding, self._apart(feature_map)))

    @torch.no_grad()
    def write_back(self, number: int, steps: int) -> Student:
        """Give a student its weights and statistics as they are now, after so many steps."""
        student = self.students[number]
        own = dict(student.named_parameters())
        for (name, shape), values in zip(self.shapes.items(), self.flat[number].split(self._sizes()), strict=True):
            own[name].copy_(values.view(shape))
        for name, norm in _norms(student).items():
            for what, values in zip(RUNNING, self.statistics[name], strict=True):
                getattr(norm, what).copy_(values.view(self.count, -1)[number])
            norm.get_buffer("num_batches_tracked").fill_(self.before + steps)
        return student

    def _weights(self) -> dict[str, Tensor]:
        """Every layer's weight as grouped operations want it; the last layer's and the norms' keep their first axis."""
        found = {}
        parts = self.flat.split(self._sizes(), dim=1)
        for (name, shape), part in zip(self.shapes.items(), parts, strict=True):
            stacked = part.reshape(self.count, *shape)
            found[name] = stacked.flatten(0, 1) if len(shape) == 4 else stacked
        return found

    def _layered(self, x: Tensor, part: nn.Module, prefix: str, weights: dict[str, Tensor]) -> Tensor:
        """What a part's convolutions and normalisations make of the map."""
        for name, convolution in _convolutions(part, prefix):
            x = self._normed(self._convolved(x, convolution, weights[f"{name}.0.weight"]), f"{name}.1", weights)
        return x

    def _convolved(self, x: Tensor, convolution: nn.Module, weight: Tensor) -> Tensor:
        assert isinstance(convolution, nn.Conv2d)
        if x.device.type == "cpu" or convolution.kernel_size != (1, 1):
            groups, stride, padding = self.count * convolution.groups, convolution.stride, convolution.padding
            return conv2d(after_zeros(x, convolution), weight, None, stride, padding, convolution.dilation, groups)
        # A GPU's convolutions know no good way for 1 x 1 ones in groups; they are a product of matrices per student.
        batch, _, frames, bands = x.shape
        products = weight.view(self.count, -1, weight.shape[1]) @ x.view(batch, self.count, -1, frames * bands)
        return products.view(batch, -1, frames, bands)

    def _normed(self, x: Tensor, name: str, weights: dict[str, Tensor]) -> Tensor:
        weight, bias = (weights[f"{name}.{what}"].flatten() for what in ("weight", "bias"))
        mean, variance = self.statistics[name]
        return norm_relu(x, weight, bias, mean, variance, self.momentum, self.eps)

    def _sizes(self) -> list[int]:
        return [shape.numel() for shape in self.shapes.values()]

    def _ordered(self, x: Tensor) -> Tensor:
        """Maps `[batch, K, frames, mels]` in the order of memory that suits a device: channels last on a CPU."""
        return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x.contiguous()

    def _apart(self, x: Tensor) -> Tensor:
        """From `[batch, K * channels, ...]` to `[K, batch, channels, ...]`."""
        return x.unflatten(1, (self.count, -1)).transpose(0, 1)


def _row(student: Student) -> Tensor:
    return torch.cat([part.detach().flatten() for part in student.parameters()])


def _norms(student: Student) -> dict[str, NormReLU]:
    return {name: module for name, module in student.named_modules() if isinstance(module, NormReLU)}


def _convolutions(layer: nn.Module, prefix: str) -> list[tuple[str, nn.Conv2d]]:
    """Where the pairs of a convolution and a normalisation lie in a block, with the convolutions."""
    found = [(name, module) for name, module in layer.named_modules() if isinstance(module, nn.Conv2d)]
    return [(".".join(filter(None, (prefix, *name.split(".")[:-1]))), module) for name, module in found]

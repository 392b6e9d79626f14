"""K students of one architecture as one network, whose layers do all of them at once: grouped convolutions.

A student is small, and a step of it is mostly overhead; K of them cost little more than one. No value of one student
enters another's: each has its own groups of channels.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from sedkd.models.causal import before_zeros
from sedkd.models.chain import Link, chained, kernel_of, links
from sedkd.models.frame import FrameOutput
from sedkd.models.norm import Kernel, Norm, NormReLU
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student, body_links

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
        self.before = [{name: int(_counted(norm)) for name, norm in _norms(s).items()} for s in students]
        self.momentum, self.eps = norm.momentum or 0.0, norm.eps
        self.register_buffer("mean", torch.stack([student.mean for student in students]))
        self.register_buffer("std", torch.stack([student.std for student in students]))

    def forward(self, features: Tensor) -> FrameOutput:
        """Features `[K, batch, frames * stride, mels]` to what each student answers, with the same first axis."""
        weights, first = self._weights(), self.students[0]
        scale = 1 / self.std[:, None, None]
        x = torch.addcmul(-self.mean[:, None, None] * scale, features, scale).transpose(0, 1)
        x = self._ordered(before_zeros(x, first.delay * first.stride))
        lower, upper = body_links(first)
        feature_map = self._chained(lower, x, weights)
        x = self._chained(upper, feature_map, weights).mean(dim=3, keepdim=True)
        if first.tcn is not None:
            x = self._chained(links(first.tcn, "tcn"), x, weights)
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
            _counted(norm).fill_(self.before[number][name] + steps)
        return student

    def _weights(self) -> dict[str, Tensor]:
        """Every layer's weight as grouped operations want it; the last layer's and the norms' keep their first axis."""
        found = {}
        parts = self.flat.split(self._sizes(), dim=1)
        for (name, shape), part in zip(self.shapes.items(), parts, strict=True):
            stacked = part.reshape(self.count, *shape)
            found[name] = stacked.flatten(0, 1) if len(shape) == 4 else stacked
        return found

    def _chained(self, chain: Iterable[Link], x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        def norm_of(name: str, _: NormReLU) -> Norm:
            weight, bias = (weights[f"{name}.{what}"].flatten() for what in ("weight", "bias"))
            mean, variance = self.statistics[name]
            return Norm(weight, bias, mean, variance, self.momentum, self.eps)

        def grouped(name: str, layer: nn.Conv2d) -> Kernel:
            return kernel_of(layer, weights[f"{name}.weight"], self.count)

        return chained(chain, x, norm_of, grouped)

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


def _counted(norm: NormReLU) -> Tensor:
    """How many batches a norm has seen, as its state tells it."""
    return norm.get_buffer("num_batches_tracked")

"""One set of weights for a whole family of students: every narrower or shallower one is a slice of the widest.

A student of width w has the first w channels of every layer ("slimmable networks", Yu and Huang 2019), and one of depth
d ends behind block d, in a GRU and a last layer that its depth and its head share with all widths.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sedkd.features.logmel import STUDENT_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.models.student import HEADS, Student, StudentSettings

GATES = 3  # of a GRU: reset, update, new
DIRECTIONS = 2


class Slimmable(FrameModel):
    """The family of `widest`, which itself answers `forward`. Batch statistics are those of the batch at hand, since
    every slice has others; a student that was cut out needs statistics of its own (see `sedkd.trial.family`)."""

    kind = "slimmable"
    mean: Tensor
    std: Tensor

    def __init__(
        self, widest: StudentSettings, labels: tuple[str, ...], features: FeatureSettings = STUDENT_FEATURES
    ) -> None:
        super().__init__()
        whole = Student(widest, labels, features)
        self.widest, self.labels, self.features, self.stride = widest, whole.labels, features, whole.stride
        self.register_buffer("mean", whole.mean)
        self.register_buffer("std", whole.std)
        self.stem, self.blocks = whole.stem, whole.blocks
        self.exits = nn.ModuleDict()
        for depth in range(1, widest.depth + 1):
            for head in HEADS:
                end = Student(replace(widest, depth=depth, head=head), labels, features)
                parts = {"classifier": end.classifier} | ({"gru": end.gru} if end.gru else {})
                self.exits[f"{head}{depth}"] = nn.ModuleDict(parts)
        self._moulds: dict[StudentSettings, Student] = {}

    @property
    def embedding_size(self) -> int:
        return self.mould(self.widest).embedding_size

    def config(self) -> dict[str, Any]:
        return {**vars(self.widest), "labels": list(self.labels), "features": self.features.as_dict()}

    def forward(self, features: Tensor) -> FrameOutput:
        return self.answer(self.widest, features)

    def answer(self, settings: StudentSettings, features: Tensor) -> FrameOutput:
        """What the slice of `settings` answers, with a gradient to the weights that it shares with the others."""
        return functional_call(self.mould(settings), self.weights_of(settings), (features,))

    def ends(self, width: int, features: Tensor) -> list[Tensor]:
        """The logits `[batch, frames, labels]` of every depth and head at one width, from one pass over its layers."""
        mould = self.mould(replace(self.widest, width=width))
        weights = self.weights_of(mould.settings)
        x = _part(mould.stem, "stem", weights, ((features - self.mean) / self.std).unsqueeze(1))
        found = []
        for number, layer in enumerate(mould.blocks.children()):
            x = _part(layer, f"blocks.{number}", weights, x)
            if isinstance(layer, nn.AvgPool2d):  # behind each block stands one
                depth = (number + 1) // 2
                found += [self._end(width, depth, head, x.mean(dim=3).transpose(1, 2)) for head in HEADS]
        return found

    def _end(self, width: int, depth: int, head: str, x: Tensor) -> Tensor:
        mould = self.mould(replace(self.widest, width=width, depth=depth, head=head))
        weights = self.weights_of(mould.settings)
        if mould.gru is not None:
            x = _part(mould.gru, "gru", weights, x)[0]
        return _part(mould.classifier, "classifier", weights, x)

    def weights_of(self, settings: StudentSettings) -> dict[str, Tensor]:
        """A slice's parameters and feature statistics by the names that a Student gives them; views, not copies."""
        own = dict(self.named_parameters())
        end = f"exits.{settings.head}{settings.depth}."
        found = {
            name: _leading(own[name] if name in own else own[end + name], part.shape, _groups(name, settings.head))
            for name, part in self.mould(settings).named_parameters()
        }
        return found | {"mean": self.mean, "std": self.std}

    def cut(self, settings: StudentSettings) -> Student:
        """A student of its own with a copy of the slice's weights."""
        student = Student(settings, self.labels, self.features)
        with torch.no_grad():
            weights = {name: tensor.detach().clone() for name, tensor in self.weights_of(settings).items()}
        student.load_state_dict(student.state_dict() | weights)
        return student

    def mould(self, settings: StudentSettings) -> Student:
        """An empty student of this shape, through which slices are run."""
        if settings not in self._moulds:
            state = torch.get_rng_state()  # its random weights are never used, and must not move others' random numbers
            self._moulds[settings] = Student(settings, self.labels, self.features).to(self.mean.device)
            torch.set_rng_state(state)
        return self._moulds[settings].train(self.training)


def slimmable_from(config: dict[str, Any]) -> Slimmable:
    """Rebuild an untrained family from `Slimmable.config()`."""
    config = dict(config)
    labels, features = tuple(config.pop("labels")), FeatureSettings(**config.pop("features"))
    return Slimmable(StudentSettings(**config), labels, features)


def _part(module: nn.Module, name: str, weights: dict[str, Tensor], x: Tensor) -> Any:
    """What a part of a mould makes of `x` with the slice's weights of that name."""
    own = {key.removeprefix(name + "."): tensor for key, tensor in weights.items() if key.startswith(name + ".")}
    return functional_call(module, own, (x,))


def _groups(name: str, head: str) -> tuple[int, int]:
    """Into how many parts of equal size a tensor's first and second axis fall, of each of which a slice has the first
    rows or columns: a GRU's gates, and the two directions of which the last layer reads."""
    if name.startswith("gru."):
        return GATES, 1
    return 1, DIRECTIONS if name == "classifier.weight" and head == "gru" else 1


def _leading(wide: Tensor, shape: torch.Size, groups: tuple[int, int]) -> Tensor:
    """The leading part of every group of `wide` that makes a tensor of `shape`."""
    for axis, size in enumerate(shape):
        parts = groups[axis] if axis < len(groups) else 1
        grouped = wide.unflatten(axis, (parts, wide.shape[axis] // parts))
        wide = grouped.narrow(axis + 1, 0, size // parts).flatten(axis, axis + 1)
    return wide

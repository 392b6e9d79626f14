"""The seam between training and distillation: a loss term.

A strategy is one file of `sedkd.distill` with a class `Strategy(Term)`. Training calls it with a batch and the
student's output; what it needs besides (a projection, a peer) it owns as modules, which are trained along and thrown
away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.train.batch import Batch

if TYPE_CHECKING:
    from sedkd.models.settings import StudentSettings
    from sedkd.train.corpus import Corpus, TeacherOutputs
    from sedkd.train.settings import TrainSettings
    from sedkd.train.split import Split


@dataclass(frozen=True)
class Sizes:
    """What a strategy may need to know of the two models: embedding channels of student and teacher, labels."""

    student: int
    teacher: int
    labels: int


@dataclass(frozen=True)
class Lesson:
    """What training is about to do: the student with its initial weights, the clips, and how they are drawn."""

    model: FrameModel
    corpus: "Corpus"
    settings: "TrainSettings"


class Teaching(Protocol):
    """What a term may ask of a task (`sedkd.task`) before training: the clips, and the first teacher's outputs."""

    @property
    def training(self) -> "Split": ...

    @property
    def targets(self) -> "TeacherOutputs": ...


class Term(nn.Module):
    """One loss term. `weight` is relative to the label term's; `forward` answers a scalar for a batch.

    A subclass named `Strategy` is built with `Strategy(sizes, **parameters)`, the parameters being those that the
    space names `<strategy>.<parameter>`. `begin` is called once before the first step, `after_step` after each.
    `needs_teacher` tells whether the batch must carry a teacher's outputs, `lack` what else has to be there.

    `in_cohort` tells whether the terms of several students may be computed at once (see `TermCohort`). For that,
    `forward` must be one that `torch.func.vmap` can map: it answers from the term's parameters and buffers and from
    its arguments alone, no shape and no branch depends on what a tensor holds, and what may differ from student to
    student is a parameter or a `setting`. `begin` and `after_step` stay as they are here.

    `resumable` tells that training may be put aside and go on (`sedkd.train.trunk`) although a step leaves more to the
    next than parameters and buffers: `state` answers what, `restore` takes it up. Nothing of it may depend on how many
    steps there will be. What runs in a cohort has no such state and need not say so.

    A subclass inherits neither, since what it adds may keep state: it says so itself.

    Raises:
        TypeError: a class says `resumable` and does not tell what `state` is, or takes none up.
    """

    weight: float = 1.0
    needs_teacher: bool = True
    in_cohort: bool = False
    resumable: bool = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.in_cohort = cls.__dict__.get("in_cohort", False)
        cls.resumable = cls.__dict__.get("resumable", False)
        if cls.resumable and (cls.state is Term.state or cls.restore is Term.restore):
            raise TypeError(f"{cls.__qualname__}: resumable = True needs the methods state and restore")

    @classmethod
    def lack(cls, task: Teaching, student: "StudentSettings") -> str | None:
        """Why this strategy cannot train such a student with this task, and the mend, in words; None where it can.

        Asked before anything is trained, and often: what cannot run is not drawn.
        """
        return None

    def aside(self, name: str, module: nn.Module) -> None:
        """Keep a module as the attribute `name` that is no part of the term: not trained along, not copied with it."""
        object.__setattr__(self, name, module)

    def setting(self, name: str, value: float) -> None:
        """Keep a number that the loss is computed with as the attribute `name`: a float32 buffer `[]`, as which the
        members of a cohort may each have their own."""
        self.register_buffer(name, torch.tensor(value, dtype=torch.float32))

    def begin(self, lesson: Lesson) -> None:
        """Look at the student and the clips; modules that are made here are trained along."""

    def after_step(self) -> None:
        """Follow the student's new weights."""

    def state(self) -> Mapping[str, Tensor]:
        """What this step leaves to the next besides parameters and buffers, by name; it is copied."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` answered, after `begin`; its tensors may lie on another device."""

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        raise NotImplementedError


def mean_where(loss: Tensor, mask: Tensor) -> Tensor:
    """Mean of `loss` over the entries where `mask` (same shape after broadcasting) is 1; 0 where none is."""
    mask = mask.expand_as(loss)
    return (loss * mask).sum() / mask.sum().clamp_min(1.0)

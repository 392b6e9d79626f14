"""Mean teacher (Tarvainen & Valpola 2017; for sound events Turpault et al. 2019): the student's own average teaches it.

The teacher's weights are an exponential moving average of the student's. The student hears each window with a band
masked, the teacher without; their probabilities are to agree, on unlabelled clips as on labelled ones. The term's
weight rises from 0, since the average of an untrained network knows nothing, over steps that do not depend on how many
there will be.
"""

import copy
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Lesson, Sizes, Term, mean_where

RAMP = 3  # how many times the steps of warm-up the weight rises, as exp(-5 (1 - t)^2)
TEACHER, STEP = "teacher.", "step"  # in its state


class Strategy(Term):
    """`decay`: of the moving average, per step."""

    needs_teacher = False
    resumable = True
    student: FrameModel
    teacher: FrameModel

    def __init__(self, sizes: Sizes, decay: float = 0.98, weight: float = 0.03) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"mean_teacher.decay must lie in 0..1, 1 excluded, not {decay}")
        self.decay, self.full_weight, self.weight = decay, weight, 0.0
        self.step = 0

    def begin(self, lesson: Lesson) -> None:
        self.aside("student", lesson.model)
        self.aside("teacher", copy.deepcopy(lesson.model).train().requires_grad_(False))
        self.ramp_steps = RAMP * lesson.settings.warmup_steps
        self.weight = self.full_weight * ramp(0.0)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        with torch.no_grad():
            target = torch.sigmoid(self.teacher(batch.features).logits)
        return mean_where((torch.sigmoid(output.logits) - target).square(), batch.valid[..., None])

    def after_step(self) -> None:
        self.step += 1
        keep = min(self.decay, 1 - 1 / (self.step + 1))  # at first a plain mean, which forgets the random start
        with torch.no_grad():
            for slow, fast in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        self.weight = self.full_weight * ramp(self.step / self.ramp_steps)

    def state(self) -> Mapping[str, Tensor]:
        own = {TEACHER + name: tensor for name, tensor in self.teacher.state_dict().items()}
        return {STEP: torch.tensor(self.step), **own}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.teacher.load_state_dict({name: state[TEACHER + name] for name in self.teacher.state_dict()})
        self.step = int(state[STEP])
        self.weight = self.full_weight * ramp(self.step / self.ramp_steps)


def ramp(t: float) -> float:
    """From exp(-5) at 0 to 1 at 1 and beyond."""
    return math.exp(-5 * (1 - min(t, 1.0)) ** 2)

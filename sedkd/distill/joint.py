"""A teacher trained together with its student (rocket launching, Zhou et al. 2018, without shared layers).

The teacher is a wider member of the student's own family. It learns the labels alone; the student follows its
softened answers of the moment, which begin as easy as the student's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from sedkd.distill.response import response_loss
from sedkd.errors import UserError
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.labels import Labels
from sedkd.train.term import Lesson, Sizes, Teaching, Term, mean_where

if TYPE_CHECKING:
    from sedkd.models.settings import StudentSettings

NO_WIDTH = "widens students of sedkd's own family only; a timm backbone has no width"


class Strategy(Term):
    """`widening`: how many times the student's width the teacher has."""

    needs_teacher = False
    resumable = True

    def __init__(self, sizes: Sizes, widening: int = 2, temperature: float = 2.0, weight: float = 0.3) -> None:
        super().__init__()
        if widening < 1:
            raise ValueError(f"joint.widening must be at least 1, not {widening}")
        self.widening, self.temperature, self.weight = widening, temperature, weight

    @classmethod
    def lack(cls, task: Teaching, student: "StudentSettings") -> str | None:
        from sedkd.models.settings import TIMM

        return NO_WIDTH if student.block.startswith(TIMM) else None

    def begin(self, lesson: Lesson) -> None:
        from sedkd.distill.peer import Peer, another_seed, seeded
        from sedkd.models.settings import TIMM
        from sedkd.models.student import Student

        student = lesson.model
        if not isinstance(student, Student) or student.settings.block.startswith(TIMM):
            raise UserError(f"strategy joint: {NO_WIDTH}")
        settings = replace(student.settings, width=self.widening * student.settings.width)
        with seeded(another_seed(lesson.settings)):
            teacher = Student(settings, student.labels)
        teacher.standardise_by(student.mean.cpu(), student.std.cpu())
        self.peer = Peer(teacher.to(student.mean.device), lesson.settings)

    def state(self) -> Mapping[str, Tensor]:
        return self.peer.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.peer.restore(state)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        answer = self.peer.answer(batch)
        self.peer.learn(Labels()(batch, FrameOutput(answer, answer)))
        loss = response_loss(output.logits, answer.detach(), self.temperature)
        return mean_where(loss, batch.valid[..., None])

"""Deep mutual learning (Zhang et al. 2018): two students of one architecture teach each other from the first step.

Each learns the labels and the other's softened answers, as in `response`. Only the first one is kept.
"""

from collections.abc import Mapping

from torch import Tensor

from sedkd.distill.response import response_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.labels import Labels
from sedkd.train.term import Lesson, Sizes, Term, mean_where


class Strategy(Term):
    """The peer starts from random weights of its own."""

    needs_teacher = False
    resumable = True

    def __init__(self, sizes: Sizes, temperature: float = 1.0, weight: float = 0.3) -> None:
        super().__init__()
        self.temperature, self.weight = temperature, weight

    def begin(self, lesson: Lesson) -> None:
        from sedkd.distill.peer import Peer, another_seed, fresh_copy

        self.peer = Peer(fresh_copy(lesson.model, another_seed(lesson.settings)), lesson.settings)

    def state(self) -> Mapping[str, Tensor]:
        return self.peer.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.peer.restore(state)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        answer, valid = self.peer.answer(batch), batch.valid[..., None]
        labels = Labels()(batch, FrameOutput(answer, answer))
        follow = mean_where(response_loss(answer, output.logits.detach(), self.temperature), valid)
        self.peer.learn(labels + follow)
        return mean_where(response_loss(output.logits, answer.detach(), self.temperature), valid)

"""Born-again networks (Furlanello et al. 2018): generation k teaches generation k + 1 of one architecture.

The first generation learns from the labels alone; each later one, from new random weights, from the labels and its
predecessor's softened answers. The student of the trial is the last.
"""

from dataclasses import replace

import torch
from torch import Tensor

from sedkd.distill.response import response_loss
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.labels import Labels
from sedkd.train.term import Lesson, Sizes, Term, mean_where


class Predecessor(Term):
    """Softened answers of a trained network that is computed along, on what the student's window hides as well."""

    needs_teacher = False
    model: FrameModel

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        with torch.no_grad():
            target = self.model(batch.features).logits
        return mean_where(response_loss(output.logits, target, self.temperature), batch.valid[..., None])


class Strategy(Predecessor):
    """`generations`: how many come before the student, each trained for as many steps as it."""

    def __init__(self, sizes: Sizes, generations: int = 1, temperature: float = 1.0, weight: float = 1.0) -> None:
        super().__init__(temperature)
        if generations < 1:
            raise ValueError(f"born_again.generations must be at least 1, not {generations}")
        self.generations, self.weight = generations, weight

    def begin(self, lesson: Lesson) -> None:
        from sedkd.distill.peer import another_seed, fresh_copy
        from sedkd.train.fit import fit

        before: list[Term] = []  # what the next generation learns from besides the labels
        for generation in range(self.generations):
            seed = another_seed(lesson.settings, generation + 1)
            child = fresh_copy(lesson.model, seed)
            fit(child, lesson.corpus, [Labels(), *before], replace(lesson.settings, seed=seed))
            follow = Predecessor(self.temperature)
            follow.weight = self.weight
            follow.aside("model", child.eval())
            before = [follow]
        self.aside("model", child)

"""Train several students of one architecture in one step, each with its own weights, clips, draws and settings.

What comes out is what `fit` would have made of each alone, within rounding.
"""

import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch

from sedkd.allocation import keep_freed_memory
from sedkd.data.sealed import require_sealed
from sedkd.distill.batch import Batch
from sedkd.distill.term import Term
from sedkd.distill.together import TermCohort, signature
from sedkd.models.cohort import CohortNet, can_join
from sedkd.models.student import Student
from sedkd.progress import Counter
from sedkd.train.corpus import Corpus
from sedkd.train.fit import CLIP_NORM, Checkpoint, Magnitudes, TrainingDiverged, Watch, answer, fit, rate_at
from sedkd.train.optimiser import CohortAdamW
from sedkd.train.sampler import Sampler, blanked
from sedkd.train.settings import TrainSettings


@dataclass(frozen=True)
class Member:
    """One student of a cohort, and how it is trained; see `fit`."""

    student: Student
    corpus: Corpus
    terms: Sequence[Term]
    settings: TrainSettings
    watch: Watch

    @property
    def kind(self) -> Hashable | None:
        """Members of one kind may be trained in one step; None: this one is trained alone."""
        terms, student, train = signature(self.terms), self.student, self.settings
        if terms is None or not can_join(student.settings) or self.watch.from_start:
            return None
        marks = tuple(sorted(self.watch.marks(train.steps)))
        return student.settings, len(student.labels), train.steps, train.batch, train.frames, marks, terms


Ended = list[Checkpoint] | Exception
"""A member's curve, or why it ended before its last step: it diverged, or its watch had enough."""


def fit_cohort(members: Sequence[Member], progress: Counter | None = None) -> list[Ended]:
    """Train the members in place, on the device that their students lie on. They are of one kind; one by itself is
    trained by `fit`."""
    if len(members) == 1:
        return [_alone(members[0], progress)]
    require_sealed("training")
    keep_freed_memory()
    return _Cohort(members).run(progress)


def _alone(member: Member, progress: Counter | None) -> Ended:
    try:
        return fit(member.student, member.corpus, member.terms, member.settings, member.watch, progress)
    except Exception as error:
        return error


class _Cohort:
    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        device = next(members[0].student.parameters()).device
        there = {id(member.corpus): member.corpus.to(device) for member in members}
        self.draws = [Sampler(there[id(member.corpus)], member.settings, device) for member in members]
        self.net = CohortNet([member.student for member in members])
        self.terms = TermCohort([member.terms for member in members]).to(device)
        self.parameters = [self.net.flat, *(p for p in self.terms.parameters() if p.requires_grad)]
        rates, decays = (
            torch.tensor([getattr(member.settings, name) for member in members], device=device)
            for name in ("learning_rate", "weight_decay")
        )
        self.optimiser = CohortAdamW(self.parameters, rates, decays, CLIP_NORM)
        self.magnitudes = Magnitudes()
        self.total, self.since = torch.zeros(len(members), device=device), 0
        self.curves: list[list[Checkpoint]] = [[] for _ in members]
        self.ended: dict[int, Exception] = {}
        self.start = time.perf_counter()

    def run(self, progress: Counter | None) -> list[Ended]:
        steps = self.members[0].settings.steps
        marks = self.members[0].watch.marks(steps)
        self.net.train()
        self.terms.train()
        for step in range(1, steps + 1):
            self._step(rate_at(step - 1, steps))
            if step in marks:
                self._look(step, steps)
                if len(self.ended) == len(self.members):
                    break
            if progress:
                progress(step, steps)
        for number, member in enumerate(self.members):
            self.net.write_back(number)
            member.student.eval()
        return [self.ended.get(number, curve) for number, curve in enumerate(self.curves)]

    def _step(self, factor: float) -> None:
        batches = [draw() for draw in self.draws]
        count, _, mels = batches[0].features.shape
        batch = _stacked(batches)
        hidden = torch.stack([draw.bands(count, mels) for draw in self.draws])
        output = answer(self.net, blanked(batch.features, hidden))
        losses = self.terms(batch, output)
        loss = (losses * self.terms.weights * self.magnitudes.scales(losses.detach())).sum(1)
        self.optimiser.step(torch.autograd.grad(loss.sum(), self.parameters), factor)
        self.total, self.since = self.total + loss.detach(), self.since + 1

    def _look(self, step: int, steps: int) -> None:
        """Score those that are still trained; one whose loss is no number, or whose watch raises, has ended."""
        losses = (self.total / self.since).tolist()
        self.total, self.since = torch.zeros_like(self.total), 0
        for number, member in enumerate(self.members):
            if number in self.ended:
                continue
            try:
                self._look_at(number, member, losses[number], step, steps)
            except Exception as error:
                self.ended[number] = error

    def _look_at(self, number: int, member: Member, loss: float, step: int, steps: int) -> None:
        if not math.isfinite(loss):
            raise TrainingDiverged(f"the loss became {loss} before step {step}")
        student, watch = self.net.write_back(number), member.watch
        score = watch.evaluate(student.eval()) if watch.evaluate else math.nan
        seconds = (time.perf_counter() - self.start) / len(self.members)
        self.curves[number].append(Checkpoint(step, steps, loss, score, seconds))
        if watch.report:
            watch.report(self.curves[number][-1])


def _stacked(batches: Sequence[Batch]) -> Batch:
    """The batches of all members, their tensors joined along a new first axis."""

    def joined(name: str) -> Any:
        parts = [getattr(batch, name) for batch in batches]
        return None if parts[0] is None else torch.stack(parts)

    return Batch(**{field.name: joined(field.name) for field in fields(Batch)})

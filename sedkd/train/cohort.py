"""Train several students of one architecture in one step, each with its own weights, clips, draws and settings.

What comes out is what `fit` would have made of each alone, within rounding.
"""

import math
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from sedkd.data.sealed import require_sealed
from sedkd.models.cohort import CohortNet, can_join
from sedkd.models.student import Student
from sedkd.progress import Counter
from sedkd.train.allocation import freed_memory_kept
from sedkd.train.captured import Repeated
from sedkd.train.corpus import Corpus
from sedkd.train.fit import CLIP_NORM, Checkpoint, Magnitudes, TrainingDiverged, Watch, answer, fit
from sedkd.train.optimiser import CohortScheduleFree
from sedkd.train.sampler import Sampler
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Term
from sedkd.train.together import TermCohort, signature
from sedkd.train.trunk import FROM_THE_FIRST, Resume, Trunk

OWN_STREAM = 2**33  # from a seed to that of what a strategy of one's own draws


@dataclass(frozen=True)
class Member:
    """One student of a cohort, and how it is trained; see `fit`."""

    student: Student
    corpus: Corpus
    terms: Sequence[Term]
    settings: TrainSettings
    watch: Watch
    resume: Resume = FROM_THE_FIRST

    @property
    def kind(self) -> Hashable | None:
        """Members of one kind may be trained in one step; None: this one is trained alone."""
        terms, student, train = signature(self.terms), self.student, self.settings
        if terms is None or not can_join(student.settings):
            return None
        marks = tuple(sorted(self.watch.marks(train.steps)))
        return student.settings, len(student.labels), train.steps, train.warmup, train.batch, train.frames, marks, terms


Ended = list[Checkpoint] | Exception
"""A member's curve, or why it ended before its last step: it diverged, or its watch had enough."""


def fit_cohort(members: Sequence[Member], progress: Counter | None = None) -> list[Ended]:
    """Train the members in place, on the device that their students lie on. Several are of one kind, and only one that
    is alone goes on from a trunk or keeps its own.

    On a GPU the step is captured as a graph, which pays for one member, too; on a CPU that one is trained by `fit`.
    """
    device = next(members[0].student.parameters()).device
    if len(members) == 1 and (device.type == "cpu" or members[0].kind is None):
        return [_alone(members[0], progress)]
    if len(members) > 1 and any(member.resume != FROM_THE_FIRST for member in members):
        raise ValueError("several students in one step begin at their first step, and keep no trunk")
    require_sealed("training")
    first_seen = list({id(member.corpus): None for member in members})
    order = sorted(range(len(members)), key=lambda place: first_seen.index(id(members[place].corpus)))
    with freed_memory_kept():
        found = _Cohort([members[place] for place in order], device).run(progress)
    ended = dict(zip(order, found, strict=True))
    return [ended[place] for place in range(len(members))]


def _alone(member: Member, progress: Counter | None) -> Ended:
    if member.kind is None:  # it may draw from torch's own stream, wherever others that were begun before left that
        torch.manual_seed(member.settings.seed + OWN_STREAM)
    try:
        return fit(member.student, member.corpus, member.terms, member.settings, member.watch, progress, member.resume)
    except Exception as error:
        return error


class _Cohort:
    """Members with one corpus stand side by side. Everything that a step changes lies in tensors on the device."""

    def __init__(self, members: Sequence[Member], device: torch.device) -> None:
        self.members = members
        there = {id(member.corpus): member.corpus.to(device) for member in members}
        settings = [member.settings for member in members]
        corpora = [there[id(member.corpus)] for member in members]
        self.sampler = Sampler(corpora, settings, device, members[0].student.features.scale)
        self.net = CohortNet([member.student for member in members])
        self.terms = TermCohort([member.terms for member in members]).to(device)
        self.parameters = [self.net.flat, *(p for p in self.terms.parameters() if p.requires_grad)]
        rates, decays = (
            torch.tensor([getattr(own, name) for own in settings], device=device)
            for name in ("learning_rate", "weight_decay")
        )
        self.optimiser = CohortScheduleFree(self.parameters, rates, decays, settings[0], CLIP_NORM)
        self.steps = settings[0].steps
        self.magnitudes = Magnitudes()
        self.total, self.since = torch.zeros(len(members), device=device), 0
        self.curves: list[list[Checkpoint]] = [[] for _ in members]
        self.ended: dict[int, Exception] = {}
        self.start = time.perf_counter()
        self.step = Repeated(self._step, device)

    def run(self, progress: Counter | None) -> list[Ended]:
        marks, resume = self.members[0].watch.marks(self.steps), self.members[0].resume
        self.net.train()
        self.terms.train()
        begun = self._restore(resume.trunk) if resume.trunk else 0
        for step in range(begun + 1, self.steps + 1):
            self.sampler.prepare()
            self.step()
            self.since += 1
            if step in marks:
                self._look(step)
                if len(self.ended) == len(self.members):
                    break
                if resume.keep_each and step < self.steps:
                    resume.keep_each(self._trunk(step, [asdict(point) for point in self.curves[0]]))
            if progress:
                progress(step, self.steps)
        if resume.keep and not self.ended:
            resume.keep(self._trunk(step))
        with self.optimiser.averaged():
            for number, member in enumerate(self.members):
                self.net.write_back(number, step)
                member.student.eval()
        return [self.ended.get(number, curve) for number, curve in enumerate(self.curves)]

    def _state(self) -> dict[str, Tensor]:
        """What one step hands to the next, where it lies."""
        found = {"flat": self.net.flat.data, "total": self.total, "magnitudes": self.magnitudes.means}
        found |= {
            f"{name}.{what}": part for name, pair in self.net.statistics.items() for what, part in enumerate(pair)
        }
        found |= {f"terms.{name}": part for name, part in self.terms.state_dict().items()}
        for name, parts in (("fast", self.optimiser.fast), ("second", self.optimiser.second)):
            found |= {f"{name}.{place}": part for place, part in enumerate(parts)}
        return found

    def _trunk(self, step: int, curve: Sequence[Mapping[str, Any]] = ()) -> Trunk:
        return Trunk(step, self.since, {name: part.detach().clone() for name, part in self._state().items()}, curve)

    def _restore(self, trunk: Trunk) -> int:
        """Go on from a trunk; how many steps are done. Tensors are filled in place, for a captured step."""
        self.magnitudes.restore(trunk.tensors["magnitudes"].to(self.total.device), trunk.step)
        for name, part in self._state().items():
            part.copy_(trunk.tensors[name])
        self.optimiser.steps.fill_(trunk.step)
        self.sampler.skip(trunk.step)
        self.since = trunk.since
        self.start -= trunk.seconds
        self.curves[0] += [Checkpoint(**point) for point in trunk.curve]
        return trunk.step

    def _step(self) -> None:
        batch, heard = self.sampler()
        output = answer(self.net, heard)
        losses = self.terms(batch, output)
        loss = (losses * self.terms.weights * self.magnitudes.scales(losses.detach())).sum(1)
        self.optimiser.step(torch.autograd.grad(loss.sum(), self.parameters))
        self.total.add_(loss.detach())

    def _look(self, step: int) -> None:
        """Score those that are still trained; one whose loss is no number, or whose watch raises, has ended."""
        losses = (self.total / self.since).tolist()
        self.total.zero_()
        self.since = 0
        left = [number for number in range(len(self.members)) if number not in self.ended]
        with self.optimiser.averaged():
            for number in left:
                self.net.write_back(number, step)
        for number in left:
            try:
                self._look_at(number, self.members[number], losses[number], step)
            except Exception as error:
                self.ended[number] = error

    def _look_at(self, number: int, member: Member, loss: float, step: int) -> None:
        if not math.isfinite(loss):
            raise TrainingDiverged(f"the loss became {loss} before step {step}")
        watch = member.watch
        score = watch.evaluate(member.student.eval()) if watch.evaluate else math.nan
        seconds = (time.perf_counter() - self.start) / len(self.members)
        self.curves[number].append(Checkpoint(step, self.steps, loss, score, seconds))
        if watch.report:
            watch.report(self.curves[number][-1])

"""Students that several processes of this machine train at once, beside a search's own trials: those of a comparison,
and the best of a front with new seeds. What each made lies on disk before it tells of it."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.run.executor import Work
from search.run.stop import Stop
from search.run.workers import work_at_once
from search.setup.preparation import Subject, prepare
from search.setup.request import Request, planned
from search.setup.same import material_of, require_same
from search.setup.workers import cores_of, workers_for
from search.show.display import Display
from search.study.opening import load_study
from search.study.records import FinishedTrial
from search.trials.confirmation import SEEDS, train_again
from search.trials.loop import TrialListener
from sedkd.compare.training import Run, train
from sedkd.errors import SedkdWarning, UserError
from sedkd.progress import Progress


@dataclass(frozen=True)
class Sharing:
    """`workers`: how many processes; None: as many as pay here, on this `device`. What one that was killed leaves, the
    one in its place trains."""

    workers: int | None
    device: str
    display: Display
    stop: Stop

    def runs(self, subject: Subject, material: str, runs: Sequence[Run], at: Callable[[int], Progress]) -> None:
        """A `sedkd.compare.training.Share` of what `subject` is about, whose task has this `material_of`."""
        count = self._count(sum(run.configuration.train.steps for run in runs), len(runs))
        if count > 1:
            work = _Runs(subject, material, _parts(runs, count), cores_of(count))
            stage = f"training {len(runs)} students, {count} at once"
            self._work(work, count, lambda done: at(done)(stage, done, len(runs)), runs[0].folder.parent)

    def confirming(
        self, request: Request, study: str, members: Sequence[FinishedTrial], steps: int, folder: Path
    ) -> None:
        """Train the members of a study again with new seeds, to so many steps each."""
        count = self._count(len(members) * SEEDS * steps, len(members))
        if count > 1:
            work = _Confirming(request, study, _parts([m.number for m in members], count), cores_of(count))
            stage = f"confirming {len(members)} trials, {count} at once"
            self._work(work, count, lambda done: self.display.preparing(stage, done, len(members)), folder)

    def _count(self, steps: int, jobs: int) -> int:
        return min(self.workers or workers_for(steps, self.device), jobs)

    def _work(self, work: Work, count: int, told: Callable[[int], None], folder: Path) -> None:
        done = dict.fromkeys(range(count), 0)  # by process

        def hear(number: int, kind: str, *rest: Any) -> None:
            if kind == "warned":
                warnings.warn(rest[0], SedkdWarning, stacklevel=2)  # shown once, whichever process tells it
            elif kind == "end":
                done[number] = rest[0]
                told(sum(done.values()))

        told(0)
        work_at_once(work, count, hear, self._died, lambda: self.stop.asked, folder)

    def _died(self, number: int, by: str) -> None:
        self.display.notice(f"worker {number} died ({by}); another takes its place")


@dataclass(frozen=True)
class _Runs:
    """Students of a comparison by process, to be sent to each."""

    subject: Subject
    material: str
    parts: Sequence[Sequence[Run]]
    threads: int

    def __call__(self, number: int, listener: TrialListener) -> None:
        _keep_to(self.threads)
        task, own = prepare(self.subject, 0, listener.stage).task, self.parts[number]
        if material_of(task) != self.material:
            raise UserError("recordings, labels or a teacher changed since the comparison began: type its line again")

        def watch(what: str, done: int, total: int) -> Progress:
            listener.end(done)
            return listener.stage

        train(own, task, watch, "", 0, len(own))
        listener.end(len(own))


@dataclass(frozen=True)
class _Confirming:
    """Numbers of a study's trials by process, to be sent to each."""

    request: Request
    study: str
    parts: Sequence[Sequence[int]]
    threads: int

    def __call__(self, number: int, listener: TrialListener) -> None:
        _keep_to(self.threads)
        ready = planned(self.request, listener.stage)
        plan = ready.plan
        study = load_study(plan.store, None, self.study)
        require_same(study, ready, f"{self.study}: something changed since the search began; what is here now")
        members = {member.number: member for member in study.finished()}
        for done, trial in enumerate(self.parts[number], start=1):
            try:
                train_again(study, plan, members[trial], listener.stage)
            except Exception:  # it fails again where it is confirmed, which tells why
                continue
            listener.end(done)


def _parts(jobs: Sequence[Any], count: int) -> tuple[Sequence[Any], ...]:
    return tuple(tuple(jobs[number::count]) for number in range(count))


def _keep_to(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)

"""Trials of a study that processes of this machine train: of a search that was begun here, or of one that is joined."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from search.run.listener import DisplayListener
from search.run.stop import Stop
from search.run.workers import work_at_once
from search.sampling.choice import with_sampler
from search.setup.request import Planned, Request, planned
from search.setup.same import require_same
from search.setup.workers import cores_of, workers_for
from search.show.display import Display
from search.study.opening import load_study
from search.study.ownership import close_stale, lost_words
from search.study.view import StudyView
from search.trials.loop import TrialListener, search

SEEDS_APART = 1000  # between the samplers of two workers


@dataclass(frozen=True)
class LocalTrials:
    """`seed` is the sampler's; `after_trial` is called when one has ended here, and may raise to end the search."""

    request: Request
    ready: Planned
    study: StudyView
    seed: int
    display: Display
    stop: Stop
    after_trial: Callable[[], None]

    def workers(self) -> int:
        """How many processes are to train at once: as asked for, as far as there are trials, or as many as pay."""
        plan = self.ready.plan
        if self.request.workers is not None:
            return min(self.request.workers, plan.budget.trials)
        left = max(plan.budget.trials - self.study.taken(), 0)
        return workers_for(left * plan.rungs[0], plan.task.device.type)

    def notices(self) -> list[str]:
        """What to say of that where nobody asked for it."""
        workers = self.workers()
        if self.request.workers is not None or workers == 1:
            return []
        return [f"{workers} trials at once; --workers 1: one after the other"]

    def run(self) -> None:
        """Train until none is left to begin.

        Raises:
            KeyboardInterrupt: it was asked for.
            UserError: a mistake, or a worker's end that no other process would mend.
        """
        workers = self.workers()
        if workers == 1:
            plan = self.ready.plan
            search(with_sampler(self.study, plan, self.seed), plan, self._listener(0), self.after_trial)
            return
        timeout = self.ready.plan.budget.timeout
        until = None if timeout is None else time.monotonic() + timeout
        work = _Work(self.request, self.ready.name, self.seed, cores_of(workers), until)
        work_at_once(work, workers, self._hear, self.bury, lambda: self.stop.asked, self.study.folder)

    def bury(self, worker: int, by: str) -> None:
        """Tell of a worker that was lost, and have what it was at tried once more, if it may be."""
        lost = close_stale(self.study)
        trials = f"; {lost_words(self.study, lost)}" if lost else ""
        self.display.notice(f"worker {worker} died ({by}){trials}; another takes its place")

    def _listener(self, worker: int) -> DisplayListener:
        return DisplayListener(self.display, self.study, worker)

    def _hear(self, worker: int, kind: str, *rest: object) -> None:
        """A message of a worker's listener."""
        getattr(self._listener(worker), kind)(*rest)
        if kind == "end":
            self.after_trial()


@dataclass(frozen=True)
class _Work:
    """A worker's whole life, to be sent to its process. `until`: when no further trial is begun, on the clock of
    `time.monotonic`, which a machine's processes share: also by one that takes a dead one's place."""

    request: Request
    study: str
    seed: int
    threads: int
    until: float | None

    def __call__(self, number: int, listener: TrialListener) -> None:
        import torch

        torch.set_num_threads(self.threads)
        ready = planned(self.request, listener.stage)
        left = None if self.until is None else max(self.until - time.monotonic(), 0.0)
        plan = replace(ready.plan, budget=replace(ready.plan.budget, timeout=left))
        study = load_study(plan.store, None, self.study)
        require_same(study, ready, f"{self.study}: something changed since the search began; what is here now")
        search(with_sampler(study, plan, self.seed + SEEDS_APART * (number + 1)), plan, listener, lambda: None)

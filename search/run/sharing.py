"""The students of a comparison, trained by several processes of this machine."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.run.executor import Executor, WorkerFailed
from search.run.stop import Stop
from search.run.workers import Processes
from search.setup.preparation import Subject, prepare
from search.setup.workers import workers_for
from search.show.display import Display
from search.trials.failures import write_traceback
from search.trials.loop import TrialListener
from sedkd.compare.training import Run, train
from sedkd.errors import SedkdWarning, UserError
from sedkd.parallel import cores
from sedkd.progress import Progress


@dataclass(frozen=True)
class _Part:
    """The work of several processes, each with runs of its own, to be sent to them."""

    subject: Subject
    runs: tuple[tuple[Run, ...], ...]
    threads: int

    def __call__(self, number: int, listener: TrialListener) -> None:
        import torch

        torch.set_num_threads(self.threads)
        task = prepare(self.subject, 0, listener.stage).task
        own = self.runs[number]

        def watch(what: str, done: int, total: int) -> Progress:
            listener.end(done)
            return listener.stage

        train(own, task, watch, "", 0, len(own))
        listener.end(len(own))


@dataclass
class Sharing:
    """A `sedkd.compare.training.Share`. `workers`: how many processes; None: as many as pay here. What one that was
    killed leaves, the one in its place trains."""

    subject: Subject
    workers: int | None
    device: str
    display: Display
    stop: Stop
    done: dict[int, int] = field(default_factory=dict, init=False)  # by process

    def __call__(self, runs: Sequence[Run], at: Callable[[int], Progress]) -> None:
        """Raises UserError with a mistake that a process met, or where its traceback lies."""
        steps = sum(run.configuration.train.steps for run in runs)
        workers = min(self.workers or workers_for(steps, self.device), len(runs))
        if workers < 2:
            return
        self.done = dict.fromkeys(range(workers), 0)
        parts = tuple(tuple(runs[number::workers]) for number in range(workers))
        stage = f"training {len(runs)} students, {workers} at once"

        def hear(number: int, kind: str, *rest: Any) -> None:
            if kind == "warned":
                warnings.warn(rest[0], SedkdWarning, stacklevel=2)  # told once, by whichever process
            elif kind == "end":
                self.done[number] = rest[0]
                done = sum(self.done.values())
                at(done)(stage, done, len(runs))

        work = _Part(self.subject, parts, max(cores() // workers, 1))
        at(0)(stage, 0, len(runs))
        executor: Executor = Processes(work, workers, hear, self._died)
        try:
            executor.run(lambda: self.stop.asked)
        except WorkerFailed as error:
            place = write_traceback(error.traceback, runs[0].folder.parent)
            raise UserError(f"a worker ended with {error}; traceback: {place}") from error

    def _died(self, number: int, by: str) -> None:
        self.display.notice(f"worker {number} died ({by}); another takes its place")

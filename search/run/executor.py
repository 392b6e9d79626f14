"""What a search asks of whoever runs its workers; `search.run.workers` runs them as processes here."""

from collections.abc import Callable
from typing import Protocol

from search.trials.loop import TrialListener


class Work(Protocol):
    """What a worker does, wherever it runs: called with its number and what hears of its trials, which raises
    KeyboardInterrupt when the worker is to stop."""

    def __call__(self, number: int, listener: TrialListener) -> None: ...


class Executor(Protocol):
    """Workers of one study, at work from the moment that it was made. It calls `hear` with a worker's number and each
    of its messages, and `died` with its number and what ended it, before another takes its place."""

    def run(self, asked_to_stop: Callable[[], bool]) -> None:
        """Listen until all have ended.

        Raises:
            KeyboardInterrupt: it was asked for.
            UserError: a worker ended with it, or ends again and again whoever takes its place.
            WorkerFailed: any other exception ended a worker.
        """
        ...


class WorkerFailed(Exception):
    """A worker ended by an exception outside of any trial: it in one line, and its traceback."""

    def __init__(self, line: str, traceback: str) -> None:
        super().__init__(line)
        self.traceback = traceback

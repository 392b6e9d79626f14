"""Several processes at one study: started, listened to, replaced when a signal ended them, ended together.

Each prepares the task for itself from the caches, whose files are mapped into memory and so held once for all; what
they tell comes through a pipe of their own, so that one that is killed in mid-word disturbs no other.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Protocol

from search.run.mistakes import line_of
from search.run.stop import Stop
from search.run.warned import show_own_warnings
from search.trials.failures import summary, traceback_of
from sedkd.errors import UserError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

REPLACEMENTS = 3  # of each worker: if more die, something is wrong that another process will not mend
GRACE = 4.0  # seconds that workers have to put down what they are at
LISTEN = 0.2


class WorkerFailed(Exception):
    """A worker ended by an exception outside of any trial: it in one line, and its traceback."""

    def __init__(self, line: str, traceback: str) -> None:
        super().__init__(line)
        self.traceback = traceback


class Work(Protocol):
    """What a worker does: called in a process of its own with its number and what it tells its progress to."""

    def __call__(self, number: int, teller: "Teller") -> None: ...


@dataclass(frozen=True)
class Teller:
    """A worker's side of the pipe; it is what a search calls a watcher. Raises KeyboardInterrupt when the worker was
    asked to stop, or the process that started it is gone."""

    pipe: Connection
    parent: int
    stop: Stop

    def begin(self, number: int, configuration: Mapping[str, Any], note: str | None) -> None:
        self.tell("begin", number, dict(configuration), note)

    def stage(self, what: str, done: int, total: int) -> None:
        self.tell("stage", what, done, total)

    def end(self, number: int) -> None:
        self.tell("end", number)

    def failed(self, number: int, reason: str) -> None:
        self.tell("failed", number, reason)

    def warned(self, line: str) -> None:
        self.tell("warned", line)

    def tell(self, *message: Any) -> None:
        if self.stop.asked or os.getppid() != self.parent:
            raise KeyboardInterrupt
        try:
            self.pipe.send(message)
        except OSError as error:
            raise KeyboardInterrupt from error


class Crew:
    """The workers. `hear` is called with a worker's number and each of its messages; `died` with its number and the
    signal's name when a signal ended one."""

    def __init__(self, work: Work, count: int, hear: Callable[..., None], died: Callable[[int, str], None]) -> None:
        self.work, self.hear, self.died = work, hear, died
        self.context = get_context("spawn")
        self.members: dict[Connection, tuple[int, BaseProcess]] = {}
        self.left = REPLACEMENTS * count
        for number in range(count):
            self._start(number)

    def run(self, asked_to_stop: Callable[[], bool]) -> None:
        """Listen until all have ended.

        Raises:
            KeyboardInterrupt: it was asked for.
            UserError: a worker ended with it, ended itself, or signals end them again and again.
            WorkerFailed: any other exception ended a worker.
        """
        try:
            while self.members:
                if asked_to_stop():
                    raise KeyboardInterrupt
                for pipe in wait(list(self.members), timeout=LISTEN):
                    self._listen(pipe)  # type: ignore[arg-type]
        finally:
            self._end()

    def _start(self, number: int) -> None:
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(target=_enter, args=(self.work, number, theirs, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        self.members[ours] = (number, process)

    def _listen(self, pipe: Connection) -> None:
        number, process = self.members[pipe]
        try:
            kind, *rest = pipe.recv()
        except (EOFError, OSError):
            del self.members[pipe]
            process.join()
            self._ended(number, process.exitcode or 0)
            return
        if kind == "mistake":
            raise UserError(rest[0])
        if kind == "broken":
            raise WorkerFailed(*rest)
        self.hear(number, kind, *rest)

    def _ended(self, number: int, code: int) -> None:
        """Replace it if a signal ended it: another process may have more luck, but not with an error of the code."""
        if code > 0:
            raise UserError(f"worker {number} ended itself with exit code {code}, without a word")
        if code == 0:
            return
        self.died(number, _name_of(-code))
        self.left -= 1
        if self.left < 0:
            raise UserError("workers die again and again (is there memory enough?); try fewer --workers")
        self._start(number)

    def _end(self) -> None:
        """Ask those that are left to stop, and make them when they do not."""
        processes = [process for _, process in self.members.values()]
        for process in processes:
            process.terminate()
        latest = time.monotonic() + GRACE
        for process in processes:
            process.join(max(latest - time.monotonic(), 0.1))
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in self.members:
            pipe.close()
        self.members.clear()


def _enter(work: Work, number: int, pipe: Connection, parent: int) -> None:
    """Where a worker's process begins."""
    teller = Teller(pipe, parent, Stop.installed())
    show_own_warnings(teller.warned)
    try:
        work(number, teller)
    except KeyboardInterrupt:
        pass
    except BaseException as error:  # SystemExit among them
        line = line_of(error) if isinstance(error, Exception) else None
        if line is not None:
            pipe.send(("mistake", line))
        else:
            pipe.send(("broken", summary(error), traceback_of(error)))
    finally:
        pipe.close()


def _name_of(number: int) -> str:
    """A signal's name, such as SIGKILL."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has none
        return f"signal {number}"

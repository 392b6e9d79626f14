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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.run.executor import Work, WorkerFailed
from search.run.mistakes import line_of
from search.run.stop import Stop
from search.run.warned import show_own_warnings
from search.trials.failures import summary, traceback_of, write_traceback
from sedkd.errors import UserError
from sedkd.parallel import ctrl_c_waits, hear_ctrl_c

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

REPLACEMENTS = 3  # of each worker: if more die, something is wrong that another process will not mend
GRACE_SECONDS = 4.0  # seconds that workers have to put down what they are at
POLL_SECONDS = 0.2


def work_at_once(
    work: Work,
    count: int,
    hear: Callable[..., None],
    died: Callable[[int, str], None],
    asked_to_stop: Callable[[], bool],
    folder: Path,
) -> None:
    """Have `count` processes of this machine do it, until all have ended; see `search.run.executor.Executor`.

    Raises:
        KeyboardInterrupt: it was asked for.
        UserError: a mistake that one of them met, or where in `folder` the traceback of what ended it lies.
    """
    try:
        Processes(work, count, hear, died).run(asked_to_stop)
    except WorkerFailed as error:
        place = write_traceback(error.traceback, folder)
        raise UserError(f"a worker ended with {error}; traceback: {place}") from error


@dataclass(frozen=True)
class Pipe:
    """A worker's side of its pipe, a `search.trials.loop.TrialListener`: raises KeyboardInterrupt when the worker is to
    stop, or the process that started it is gone."""

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


class Processes:
    """A `search.run.executor.Executor`: each worker is a process on this machine. `died` hears of those that a signal
    ended, by its name."""

    def __init__(self, work: Work, count: int, hear: Callable[..., None], died: Callable[[int, str], None]) -> None:
        self.work, self.hear, self.died = work, hear, died
        self.context = get_context("spawn")
        self.workers: dict[Connection, tuple[int, BaseProcess]] = {}
        self.left = REPLACEMENTS * count
        for number in range(count):
            self._start(number)

    def run(self, asked_to_stop: Callable[[], bool]) -> None:
        try:
            while self.workers:
                if asked_to_stop():
                    raise KeyboardInterrupt
                for pipe in wait(list(self.workers), timeout=POLL_SECONDS):
                    self._listen(pipe)  # type: ignore[arg-type]
        finally:
            self._end()

    def _start(self, number: int) -> None:
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(target=_enter, args=(self.work, number, theirs, os.getpid()), daemon=True)
        with ctrl_c_waits():
            process.start()
        theirs.close()
        self.workers[ours] = (number, process)

    def _listen(self, pipe: Connection) -> None:
        number, process = self.workers[pipe]
        try:
            kind, *rest = pipe.recv()
        except (EOFError, OSError):
            del self.workers[pipe]
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
        processes = [process for _, process in self.workers.values()]
        for process in processes:
            process.terminate()
        latest = time.monotonic() + GRACE_SECONDS
        for process in processes:
            process.join(max(latest - time.monotonic(), 0.1))
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in self.workers:
            pipe.close()
        self.workers.clear()


def _enter(work: Work, number: int, pipe: Connection, parent: int) -> None:
    """Where a worker's process begins."""
    told = Pipe(pipe, parent, Stop.installed())
    hear_ctrl_c()
    show_own_warnings(told.warned)
    try:
        work(number, told)
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

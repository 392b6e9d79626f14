"""What a person sees while a search runs: stages, trials, the best F1 so far, time left.

On a terminal a live progress bar; elsewhere (a log, CI) one plain line per trial.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from search.pareto.front import front
from search.pareto.gain import Gain
from search.pareto.picks import knee
from search.show.tables import score_words
from search.show.words import human, rung_words, strategy_words, student_words
from search.study.objectives import Objectives
from search.study.records import FinishedTrial, StoppedTrial
from sedkd.words import several

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 140


class _Console(Console):
    """A console whose reader may go away, as `head` does: what was begun goes on to its end, and says nothing more."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # also what is printed past the console, and what Python still holds
        os.close(nowhere)


def plain_console(**more: Any) -> Console:
    """A console that shows text as it is: labels and paths may hold [brackets] or :signs: that rich would read."""
    return _Console(highlight=False, markup=False, emoji=False, **more)


class Display:
    """Use as a context manager; `preparing`, `stage` and `testing` are progress callbacks."""

    def __init__(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        self.interrupted = interrupted
        self.live = sys.stdout.isatty()
        # Where there is no terminal to fit, lines and tables are as wide as they want to be.
        self.console = plain_console(width=None if self.live else WIDE)
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.live,
        )
        self.stages: dict[int, TaskID] = {}  # one line per worker
        self.trials_task = self.progress.add_task("trials", total=None, visible=False)
        self.announced: dict[int, str] = {}
        self.trials: dict[int, str] = {}
        self.wanted = self.before = 0
        self.rungs: Sequence[int] = ()
        self.started = time.monotonic()
        self.objectives: Objectives | None = None
        self.gain: Gain | None = None

    def __enter__(self) -> "Display":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.progress.stop()

    def print(self, text: str) -> None:
        """A line as it is, however long."""
        self.console.print(text, soft_wrap=True)

    def table(self, table: "Table", kept: Sequence[str] = (), least: Sequence[str] = (), more: str = "") -> None:
        """A table as wide as the terminal allows; see `fitted`. `more` says where columns that are left out are."""
        from search.show.fitting import fitted, least_width, left_out

        if not self.live:
            self.console.width = max(self.console.width, least_width(table, self.console))
        found, heads = fitted(table, self.console, kept, least)
        self.console.print(found)
        if heads:
            self.notice(left_out(heads, more))

    def notice(self, text: str) -> None:
        self.console.print(f"note: {text}", style="yellow", soft_wrap=True)

    def preparing(self, what: str, done: int, total: int) -> None:
        if not self.live and what != self.announced.get(0):
            self.print(f"{what} ...")
        self._stage(0, what, done, total)

    def introduce(
        self,
        study: str,
        facts: Mapping[str, Any],
        notices: Sequence[str],
        teacher_score: float | None,
        done: int,
        wanted: int,
        rungs: Sequence[int] = (),
    ) -> None:
        """Say what is searched for, on what, and where it stands; see `search.pareto.rungs`."""
        source = "SYNTHETIC soundscapes (built in)" if facts["synthetic"] else facts["data"]
        self.print(f"study {study}: {facts['environment']}, {facts['scene']}")
        self.print(f"  events   {', '.join(facts['events'])}")
        self.print(f"  data     {source}")
        self.objectives, self.gain = Objectives(tuple(facts["objectives"])), None
        self.rungs = rungs
        self.print(
            f"  teacher  {facts['teacher']}; {self.objectives.quality} on validation {score_words(teacher_score)}"
        )
        if len(rungs) > 1:
            ladder = ", ".join(map(str, rungs))
            self.print(f"  rungs    {ladder} steps: one in four goes on, in the end all of the front")
        for notice in notices:
            self.notice(notice)
        if done:
            asked = f"of {wanted} trials are" if done <= wanted else f"trials are, more than the {wanted} asked for,"
            self.print(f"  resumed  {done} {asked} finished")
        self.wanted = wanted
        for task in self.stages.values():
            self.progress.update(task, visible=False)
        self.progress.reset(self.trials_task, total=wanted, completed=done, visible=True)
        self.started, self.before = time.monotonic(), done

    def begin(self, worker: int, number: int, configuration: Mapping[str, Any], note: str | None) -> None:
        what = note or strategy_words(configuration)
        self.trials[worker] = f"trial {number} ({what}; {student_words(configuration)})"

    def stage(self, worker: int, what: str, done: int, total: int) -> None:
        self._stage(worker, f"{self.trials.get(worker, f'worker {worker}')} {what}", done, total)

    def testing(self, done: int, total: int) -> None:
        self.preparing("scoring the front on test", done, total)

    def end(
        self,
        worker: int,
        outcome: str,
        members: Sequence[FinishedTrial],
        done: int,
        ended_early: Sequence[StoppedTrial] = (),
    ) -> None:
        """`outcome` says how the worker's trial ended; `members` have finished, `done` counts for the budget."""
        standing = self._standing(members, ended_early)
        self.progress.update(self.trials_task, completed=done, description=f"trials, {standing}")
        if not self.live:
            self.print(
                f"[{done}/{self.wanted}] {self.trials.get(worker, '')} {outcome}; {standing}; {self._left(done)}"
            )

    def _left(self, done: int) -> str:
        """How long the search will go on. Which students will be trained on is not known before it is asked."""
        if done >= self.wanted and len(self.rungs) > 1:
            return "training on what the front may be made of"
        left = (time.monotonic() - self.started) / max(done - self.before, 1) * (self.wanted - done)
        return f"about {max(left, 0) / 60:.0f} min left" + (" to the last new student" if len(self.rungs) > 1 else "")

    def failed(self, number: int, reason: str) -> None:
        self.notice(f"trial {number} failed: {reason}")

    def _standing(self, members: Sequence[FinishedTrial], ended_early: Sequence[StoppedTrial]) -> str:
        """Where the front stands: the best, the knee, the hypervolume and since when it has not grown."""
        objectives = self.objectives
        if not members or objectives is None:
            return "no front yet"
        on_front = front(members, objectives)
        corner, best = knee(on_front, objectives), max(m.measure(objectives.quality) for m in on_front)
        self.gain = (self.gain or Gain(objectives)).look(members, ended_early)
        return (
            f"best {objectives.quality} {best:.3f}, knee {corner.measure(objectives.quality):.3f} at "
            f"{human(corner.measure(objectives.cost))}, front of {len(on_front)}, hypervolume {self.gain.volume:.3f}"
            + (f", last gain {several(self.gain.idle, 'trial')} ago" if self.gain.idle else "")
            + (f"; {rungs}" if (rungs := rung_words(members)) else "")
        )

    def _stage(self, worker: int, what: str, done: int, total: int) -> None:
        if self.interrupted():
            raise KeyboardInterrupt
        if worker not in self.stages:
            self.stages[worker] = self.progress.add_task("", total=None, visible=False)
        if what != self.announced.get(worker):
            self.announced[worker] = what
            self.progress.reset(self.stages[worker], description=what, total=total, visible=True)
        self.progress.update(self.stages[worker], completed=done, total=total)

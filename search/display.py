"""What a person sees while a search runs: stages, trials, the best F1 so far, time left.

On a terminal a live progress bar; elsewhere (a log, CI) one plain line per trial.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from search.front import Member
from search.objectives import Objectives
from search.table import human, strategy_words, student_words

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 140


class Display:
    """Use as a context manager; `preparing`, `stage` and `testing` are progress callbacks."""

    def __init__(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        self.interrupted = interrupted
        self.live = sys.stdout.isatty()
        # Where there is no terminal to fit, lines and tables are as wide as they want to be.
        self.console = Console(highlight=False, width=None if self.live else WIDE)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.live,
        )
        self.stage_task = self.progress.add_task("", total=None, visible=False)
        self.trials_task = self.progress.add_task("trials", total=None, visible=False)
        self.announced = ""
        self.trial = ""
        self.wanted = self.before = 0
        self.started = time.monotonic()
        self.quality = ""

    def __enter__(self) -> "Display":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.progress.stop()

    def print(self, text: str) -> None:
        """A line as it is, however long."""
        self.console.print(text, soft_wrap=True, markup=False)

    def table(self, table: "Table") -> None:
        """A table as wide as the terminal allows."""
        self.console.print(table)

    def notice(self, text: str) -> None:
        self.console.print(f"note: {text}", style="yellow", soft_wrap=True, markup=False)

    def preparing(self, what: str, done: int, total: int) -> None:
        if not self.live and what != self.announced:
            self.print(f"{what} ...")
        self._stage(what, done, total)

    def introduce(
        self,
        study: str,
        facts: Mapping[str, Any],
        notices: list[str],
        teacher_score: float,
        members: list[Member],
        wanted: int,
    ) -> None:
        """Say what is searched for, on what, and where it stands."""
        source = "SYNTHETIC soundscapes (built in)" if facts["synthetic"] else facts["data"]
        self.print(f"study {study}: {facts['environment']}, {facts['scene']}")
        self.print(f"  events   {', '.join(facts['events'])}")
        self.print(f"  data     {source}")
        self.quality = Objectives(tuple(facts["objectives"])).quality
        self.print(f"  teacher  {facts['teacher']}; {self.quality} on validation {teacher_score:.3f}")
        for notice in notices:
            self.notice(notice)
        if members:
            self.print(f"  resumed  {len(members)} of {wanted} trials are finished")
        self.wanted = wanted
        self.progress.update(self.stage_task, visible=False)
        self.progress.reset(self.trials_task, total=wanted, completed=len(members), visible=True)
        self.started, self.before = time.monotonic(), len(members)

    def begin(self, number: int, configuration: Mapping[str, Any], control: str | None) -> None:
        what = control or strategy_words(configuration)
        self.trial = f"trial {number} ({what}; {student_words(configuration)})"

    def stage(self, what: str, done: int, total: int) -> None:
        self._stage(f"{self.trial} {what}", done, total)

    def testing(self, done: int, total: int) -> None:
        self.preparing("scoring the front on test", done, total)

    def end(self, member: Member, members: list[Member]) -> None:
        best = max(m.measure(self.quality) for m in members)
        measures = member.record["measures"]
        self.progress.update(
            self.trials_task,
            completed=len(members),
            description=f"trials, best {self.quality} {best:.3f}, last {human(measures['macs'])} MACs/s",
        )
        if not self.live:
            left = (time.monotonic() - self.started) / (len(members) - self.before) * (self.wanted - len(members))
            self.print(
                f"[{len(members)}/{self.wanted}] {self.trial} {self.quality} {measures[self.quality]:.3f} at "
                f"{human(measures['macs'])} MACs/s in {member.record['seconds']:.0f} s; best {best:.3f}; "
                f"about {max(left, 0) / 60:.0f} min left"
            )

    def failed(self, number: int, reason: str) -> None:
        self.notice(f"trial {number} failed: {reason}")

    def _stage(self, what: str, done: int, total: int) -> None:
        if self.interrupted():
            raise KeyboardInterrupt
        if what != self.announced:
            self.announced = what
            self.progress.reset(self.stage_task, description=what, total=total, visible=True)
        self.progress.update(self.stage_task, completed=done, total=total)

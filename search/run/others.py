"""Trials that other processes, on this machine or another, are at."""

import time
from collections.abc import Callable

from search.study.ownership import close_stale, lost_words
from search.study.view import StudyView

LOOK_SECONDS = 30.0  # between two looks for processes that are gone
PAUSE_SECONDS = 1.0


class Others:
    """Looks after the others: what a lost one leaves behind is tried once more, and `notice` is told."""

    def __init__(self, study: StudyView, notice: Callable[[str], None]) -> None:
        self.study, self.notice = study, notice
        self.looked = time.monotonic()

    def look(self) -> None:
        """Now and then."""
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self.close_lost()

    def close_lost(self) -> None:
        self.looked = time.monotonic()
        lost = close_stale(self.study)
        if lost:
            self.notice(f"a worker is gone; {lost_words(self.study, lost)}")

    def wait(self, stage: Callable[[str, int, int], None]) -> None:
        """Until none is at a trial. `stage` hears how many there are, and may raise to end the waiting."""
        while running := len(self.study.running()):
            stage("waiting for the trials of other processes", 0, running)
            time.sleep(PAUSE_SECONDS)
            self.close_lost()

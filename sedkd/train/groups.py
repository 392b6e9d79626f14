"""Several cohorts: one after the other on a GPU, on a CPU as many at a time as there are cores.

Two students' steps on a core each take half as long as one behind the other on both.
"""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass

import torch

from sedkd.progress import Counter
from sedkd.train.cohort import Ended, Member, fit_cohort
from sedkd.train.threads import single_threads

POLL_SECONDS = 0.2  # seconds between two looks at how far they are


@dataclass(frozen=True)
class GroupEnded:
    """Which group, what became of its members, and the seconds that it took."""

    place: int
    members: list[Ended]
    seconds: float


def cores_of(device: torch.device) -> int:
    """How many groups are trained at a time."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def fit_groups(
    groups: Sequence[Sequence[Member]], cores: int, progress: Counter | None = None
) -> Generator[GroupEnded, None, None]:
    """Train the groups, each of members that `fit_cohort` takes; yields them as they end.

    `progress` counts students' steps over all groups. What is trained alone (`Member.kind` is None) goes first and by
    itself, because it may draw from torch's own random numbers, of which there is one stream.
    """
    work = _Work(groups, progress)
    alone = [place for place, group in enumerate(groups) if group[0].kind is None or min(cores, len(groups)) == 1]
    for place in alone:
        yield work.done(place, work.tell)
    rest = [place for place in range(len(groups)) if place not in alone]
    if rest:
        yield from work.side_by_side(rest, cores)


class _Stopped(BaseException):
    """What is being trained is not wanted any more."""


class _Work:
    def __init__(self, groups: Sequence[Sequence[Member]], progress: Counter | None) -> None:
        self.groups, self.progress = groups, progress
        self.steps = [0] * len(groups)  # of all students of a group
        self.stopped = threading.Event()

    def done(self, place: int, tell: Callable[[], None]) -> GroupEnded:
        """Train a group; `tell` is called after each step."""
        start, group = time.perf_counter(), self.groups[place]

        def heed(step: int, _: int) -> None:
            self.steps[place] = len(group) * step
            tell()

        found = fit_cohort(group, heed)
        heed(group[0].settings.steps, 0)  # it may have ended before
        return GroupEnded(place, found, time.perf_counter() - start)

    def tell(self) -> None:
        if self.progress:
            self.progress(sum(self.steps), sum(len(group) * group[0].settings.steps for group in self.groups))

    def side_by_side(self, places: Sequence[int], cores: int) -> Generator[GroupEnded, None, None]:
        with single_threads(cores) as pool:
            try:
                pending = {pool.submit(self.done, place, self._heed) for place in places}
                while pending:
                    ended, pending = wait(pending, POLL_SECONDS, FIRST_COMPLETED)
                    self.tell()
                    for future in ended:
                        yield future.result()
            finally:  # Ctrl-C, or a mistake of who listens: nothing is trained on unheard
                self.stopped.set()

    def _heed(self) -> None:
        if self.stopped.is_set():
            raise _Stopped

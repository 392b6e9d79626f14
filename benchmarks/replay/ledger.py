"""One worker's training seconds, the students that they delivered, and the hypervolume over them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from search.pareto.front import hypervolume
from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord

OBJECTIVES = Objectives(("f1_segment", "macs"))


@dataclass(frozen=True)
class Step:
    """The hypervolume from these seconds on."""

    seconds: float
    hypervolume: float


@dataclass
class Ledger:
    """What a strategy spends. A training that ends early delivers the student of its last checkpoint, alike for all."""

    limit: float
    seconds: float = 0.0
    draws: int = 0
    repeats: int = 0
    stopped: int = 0
    delivered: list[tuple[float, FinishedTrial]] = field(default_factory=list)

    @property
    def is_spent(self) -> bool:
        return self.seconds >= self.limit

    def draw(self, is_repeat: bool) -> None:
        """Count a draw; a repeat is of a row that the run had trained before."""
        self.draws += 1
        self.repeats += is_repeat

    def spend(self, seconds: float) -> None:
        self.seconds += seconds

    def deliver(self, f1: float, cost: float) -> None:
        """A student that is there from now on."""
        self.delivered.append((self.seconds, FinishedTrial(len(self.delivered), (f1, cost), FinishedRecord())))

    def steps(self) -> list[Step]:
        """How the hypervolume rose, within the limit."""
        within = [(seconds, member) for seconds, member in self.delivered if seconds <= self.limit]
        volumes = volumes_of([member for _, member in within])
        rises = [Step(seconds, volume) for (seconds, _), volume in zip(within, volumes, strict=True)]
        return [Step(0.0, 0.0), *rises]


def volumes_of(members: Sequence[FinishedTrial]) -> list[float]:
    """The hypervolume after each of the members in turn."""
    standing: list[FinishedTrial] = []
    volumes: list[float] = []
    for member in members:
        if not any(_is_covered(member, other) for other in standing):
            standing = [m for m in standing if not _is_covered(m, member)] + [member]
        volumes.append(hypervolume(standing, OBJECTIVES, OBJECTIVES.reference))
    return volumes


def _is_covered(member: FinishedTrial, other: FinishedTrial) -> bool:
    return member.values[0] <= other.values[0] and member.values[1] >= other.values[1]


def at(steps: Sequence[Step], seconds: float) -> float:
    """The hypervolume after so many seconds."""
    return max(step.hypervolume for step in steps if step.seconds <= seconds)


def reached(steps: Sequence[Step], volume: float) -> float | None:
    """The seconds after which the hypervolume is at least this; None where it never is."""
    return next((step.seconds for step in steps if step.hypervolume >= volume), None)

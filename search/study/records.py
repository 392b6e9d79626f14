"""A trial as others see it, and the names under which a study's storage keeps what sedkd knows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from search.study.objectives import Objectives
from search.study.trial_record import FinishedRecord, StoppedRecord

RECORD = "record"  # user attribute of a finished trial: its FinishedRecord
FACTS = "facts"  # user attribute of a study: what it was made of
HOW = "how this version trains"  # among the parts of its facts, each a digest
LIFE = "life"  # user attribute of a study: an id; one that begins anew under the same name has another
LEASES = "leases"  # user attribute of a study: how the processes that are at its trials show it
OWNER = "owner"  # user attribute of a trial: the lock of the process that runs it
CONTROL = "control"  # user attribute of a trial: which control it is
INFEASIBLE = "infeasible"  # user attribute of a trial that was above a limit and not trained
LACK = "lack"  # user attribute of a trial that was not trained: why it cannot be
ANSWERED = "answered"  # user attribute of a trial: the number of the finished one whose result it was given
PENDING = "pending"  # user attribute of a trial: the number of the running one that it was left to, which is the same
STOPPED = "stopped"  # user attribute of a trial that was ended at a rung: its StoppedRecord
CONTINUES = "continues"  # user attribute of a trial: the number of the one of fewer steps that it continues
SECOND = "second_seed_of"  # user attribute of a trial: the number of the one that it trains anew with another seed
RESUMED = "resumed_at"  # user attribute of a trial that goes on with another: at which step; 0: at its first
KEPT = "kept_at"  # user attribute of a trial: the step at which it was kept last, should its process be lost
RETRIED = "retried"  # user attribute of a trial: the number of the lost one that it repeats
REASON = "reason"  # user attribute of a failed trial: why, in one line
INTERRUPTED = "interrupted"  # the reason of one that Ctrl-C ended
REQUEST = "request"  # user attribute of a study: what was typed, for workers that join it
SAMPLER = "sampler"  # user attribute of a study: who asked for its latest trials
EXHAUSTED = "exhausted"  # user attribute of a study: why its latest search found no further student; None: it did
WORKED = "worked_at"  # user attribute of a study: when a search last began to work at it, in seconds since 1970


@dataclass(frozen=True)
class FinishedTrial:
    """A finished trial: its number, its values as Optuna stores them (costs as log10), what is remembered of it.

    again: records of trials that trained the same with other seeds. Values and measures are means over all seeds.
    """

    number: int
    values: tuple[float, ...]
    record: FinishedRecord
    again: tuple[FinishedRecord, ...] = ()

    @cached_property
    def measures(self) -> Mapping[str, float]:
        """Scores and costs by name, each in its own unit: means over its seeds, where each of them has one."""
        if not self.again:
            return self.record.measures
        records = (self.record, *self.again)
        return {name: _mean([record.measures.get(name) for record in records], own)
                for name, own in self.record.measures.items()}  # fmt: skip

    @property
    def seeds(self) -> int:
        """With how many it was trained."""
        return 1 + len(self.again)

    def measure(self, name: str) -> float:
        """One of its measures."""
        return self.measures[name]

    def with_again(self, again: tuple[FinishedRecord, ...], objectives: Objectives) -> Self:
        """The same trial, with what other seeds made of it."""
        found = replace(self, again=again)
        return replace(found, values=tuple(objectives.values(found.measures)))


def _mean(found: Sequence[float | None], own: float) -> float:
    """`own` where not all have it."""
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if len(known) == len(found) else own


@dataclass(frozen=True)
class StoppedTrial:
    """A trial that was ended at a rung."""

    number: int
    record: StoppedRecord

    @property
    def measures(self) -> Mapping[str, float]:
        """Costs by name, each in its own unit."""
        return self.record.measures


def fingerprint(values: Mapping[str, Any]) -> str:
    """Equal for configurations that are trained alike."""
    return json.dumps(dict(values), sort_keys=True)

"""Configurations that are drawn again: what has been trained once is answered from its result."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from search.study.records import FinishedTrial, StoppedTrial, fingerprint

Ended = TypeVar("Ended", FinishedTrial, StoppedTrial)


class Repeats(Generic[Ended]):
    """Finds the trial of a configuration that has ended; each trial is looked at once."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.members: dict[str, Ended] = {}

    def of(self, values: Mapping[str, Any], members: Sequence[Ended]) -> Ended | None:
        """The first of `members` with this very configuration."""
        for member in members:
            if member.number not in self.numbers:
                self.numbers.add(member.number)
                self.members.setdefault(fingerprint(member.record.configuration), member)
        return self.members.get(fingerprint(values))

"""Configurations that are drawn again: what has been trained once is answered from its result."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.study.records import FinishedTrial, fingerprint


class Repeats:
    """Finds the finished trial of a configuration; each trial is looked at once."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.members: dict[str, FinishedTrial] = {}

    def of(self, values: Mapping[str, Any], members: Sequence[FinishedTrial]) -> FinishedTrial | None:
        """The first of `members` with this very configuration."""
        for member in members:
            if member.number not in self.numbers:
                self.numbers.add(member.number)
                self.members.setdefault(fingerprint(member.record.configuration), member)
        return self.members.get(fingerprint(values))

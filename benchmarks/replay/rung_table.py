"""The table of students that were trained rung by rung, as `benchmarks/record_rungs.py` writes it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.replay.table import Checkpoint, Row, Table, Training, content_of
from search.pareto.rungs import FACTOR
from search.study.records import fingerprint
from sedkd.errors import UserError


@dataclass(frozen=True)
class Rung:
    """A student at a rung: its score, and the seconds from step `begun`, where it was put aside at the rung before."""

    steps: int
    f1: float
    seconds: float
    begun: int


@dataclass(frozen=True)
class RungTable(Table):
    """`ladder`: what each row did at its rungs."""

    ladder: Mapping[int, tuple[Rung, ...]]

    @property
    def for_peers(self) -> "ForPeers":
        """The same for peers that go from rung to rung and pay what each costs."""
        rows = [replace(row, full=_going_on(self.ladder[row.number])) for row in self.rows]
        return ForPeers(self.facts, tuple(rows), self.budget)


@dataclass(frozen=True)
class ForPeers(Table):
    """Trainings whose checkpoints are rungs; `limit`: the seconds of a run."""

    limit: float

    @property
    def budget(self) -> float:
        return self.limit

    @property
    def fidelities(self) -> tuple[int, ...]:
        return tuple(int(point.step) for point in self.rows[0].full.curve)

    @property
    def factor(self) -> int:
        return FACTOR


def _going_on(rungs: Sequence[Rung]) -> Training:
    """A training that is put aside at each of its rungs, and goes on from there."""
    seconds = list(accumulate(rung.seconds for rung in rungs))
    curve = [Checkpoint(rung.steps, spent, rung.f1) for rung, spent in zip(rungs, seconds, strict=True)]
    return Training(rungs[-1].f1, seconds[-1], tuple(curve))


def read(*paths: Path) -> RungTable:
    """A table of `record_rungs.py`, without the rows that failed; of several, one per seed, the means of the rows that
    failed with none.

    Raises:
        UserError: a file is no such table, or has other rungs than the first one.
    """
    contents = [content_of(path) for path in paths]
    ladders = [_ladders(content, path) for content, path in zip(contents, paths, strict=True)]
    named = ", ".join(map(str, paths))
    if len(steps := {tuple(rung.steps for rung in ladder) for found in ladders for ladder in found.values()}) > 1:
        raise UserError(f"{named}: rows have different rungs: {sorted(steps)}")
    rows, ladder = [], {}
    for row in contents[0]["rows"]:
        name = fingerprint(row["configuration"])
        if all(name in found for found in ladders):
            number = len(rows)
            ladder[number] = tuple(map(_mean, zip(*(found[name] for found in ladders), strict=True)))
            rows.append(Row(number, row["configuration"], math.log10(row["macs"]), _whole(ladder[number][-1])))
    if not rows:
        raise UserError(f"{named}: no configuration was trained in all of them")
    return RungTable(contents[0]["facts"], tuple(rows), ladder)


def _ladders(content: Any, path: Path) -> dict[str, tuple[Rung, ...]]:
    """By configuration the rungs of the rows that did not fail."""
    rows = content.get("rows", ()) if isinstance(content, dict) else ()
    found = {
        fingerprint(row["configuration"]): tuple(
            Rung(r["steps"], r["f1"], r["seconds"], r["begun"]) for r in row["rungs"]
        )
        for row in rows
        if row.get("rungs") and "failed" not in row
    }
    if not found:
        raise UserError(f"{path}: expected a table of benchmarks/record_rungs.py, with rows that have rungs")
    return found


def _mean(seeds: Sequence[Rung]) -> Rung:
    """Of one rung with several seeds."""
    return replace(seeds[0], f1=mean(rung.f1 for rung in seeds), seconds=mean(rung.seconds for rung in seeds))


def _whole(last: Rung) -> Training:
    """The training that never stops on its way: as long as its last rung took from where it began, for all steps."""
    seconds = last.seconds * last.steps / (last.steps - last.begun)
    return Training(last.f1, seconds, (Checkpoint(last.steps, seconds, last.f1),))

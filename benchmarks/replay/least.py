"""What no strategy can do better: the least seconds in which whoever knew a recorded table beforehand would reach a
hypervolume.

Run: python -m benchmarks.replay.least TABLE.json [TABLE.json ...] --volume 3.323
Prints two bounds, between which these seconds lie, and the trainings of the upper one. Trains nothing. Of several
tables of rungs, one per seed, the means count.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.replay import rung_table, table
from benchmarks.replay.ledger import OBJECTIVES, volumes_of
from search.cli.guard import ended
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord
from sedkd.errors import UserError

PRICES = tuple(10 ** (exponent / 8) for exponent in range(-48, 1))  # hypervolume for a second, 1e-6 to 1


@dataclass(frozen=True, order=True)
class Student:
    """A student that a training delivers at one of its checkpoints: log10 of its MACs, its score, and its seconds."""

    cost: float
    f1: float
    seconds: float


@dataclass(frozen=True)
class Least:
    """`at_least`: fewer seconds do not suffice; `students`: a choice of the table's that reaches the volume."""

    at_least: float
    students: tuple[Student, ...]

    @property
    def at_most(self) -> float:
        return sum(student.seconds for student in self.students)


def students_of(*paths: Path) -> list[Student]:
    """Every checkpoint of every row. UserError: a file is no recorded table, or there are several without rungs."""
    content = table.content_of(paths[0])
    has_rungs = isinstance(content, dict) and any("rungs" in row for row in content.get("rows", ()))
    recorded = rung_table.read(*paths).for_peers if has_rungs or len(paths) > 1 else table.read_table(paths[0])
    return [
        Student(row.cost, row.full.delivered(point), row.full.paid(point))
        for row in recorded.rows
        for point in row.full.curve
    ]


def volume_of(students: Sequence[Student]) -> float:
    """The hypervolume that the students have together, as the search counts it."""
    members = [FinishedTrial(n, (s.f1, s.cost), FinishedRecord()) for n, s in enumerate(students)]
    return volumes_of(members)[-1]


def least(students: Sequence[Student], volume: float) -> Least:
    """Bounds by Lagrangian relaxation (Fisher 1981): what a second is worth is varied, and for each price the choice of
    most volume less the price of its seconds is found exactly. UserError: all students together have less."""
    found, bound = tuple(students), 0.0
    if volume_of(found) < volume:
        raise UserError(f"--volume {volume:g}: all trainings of the table together have {volume_of(found):.4f}")
    for price in PRICES:
        chosen, worth = _best(students, price)
        bound = max(bound, (volume - worth) / price)
        seconds = sum(student.seconds for student in chosen)
        if volume_of(chosen) >= volume and seconds < sum(student.seconds for student in found):
            found = chosen
    return Least(bound, found)


def _best(students: Sequence[Student], price: float) -> tuple[tuple[Student, ...], float]:
    """The choice of most volume less `price` times its seconds, and that; from the cheapest student to the dearest, of
    which each is better than the one before."""
    ordered = sorted(students)
    reference = float(OBJECTIVES.reference[1])
    worth: list[float] = []
    before: list[int | None] = []
    for place, student in enumerate(ordered):
        rest = max(reference - student.cost, 0.0)
        gains = [
            (worth[other] - ordered[other].f1 * rest, other) for other in range(place) if ordered[other].f1 < student.f1
        ]
        gain, other = max(gains, default=(0.0, None), key=lambda pair: pair[0])
        gain, other = (gain, other) if gain > 0 else (0.0, None)
        worth.append(gain + student.f1 * rest - price * student.seconds)
        before.append(other)
    last: int | None = max(range(len(ordered)), key=worth.__getitem__)
    most, chosen = worth[last or 0], []
    while last is not None:
        chosen.append(ordered[last])
        last = before[last]
    return tuple(reversed(chosen)), most


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.replay.least", description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, nargs="+", metavar="TABLE")
    parser.add_argument("--volume", type=float, required=True, help="the hypervolume to be reached")
    options = parser.parse_args()
    found = least(students_of(*options.tables), options.volume)
    print(f"between {found.at_least:.0f} and {found.at_most:.0f} s of training reach {options.volume:g}:")
    for student in found.students:
        print(f"{10**student.cost / 1000:8.1f} k MACs/s   {student.f1:.3f}   {student.seconds:6.1f} s")


if __name__ == "__main__":
    sys.exit(ended(main))

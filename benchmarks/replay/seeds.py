"""Luck from seed to seed as it is: the same students trained rung by rung with two seeds.

Run: python -m benchmarks.replay.seeds ONE.json OTHER.json
Prints, for each rung, by what deviation a student's F1 differs from seed to seed, how well the ranks by the two seeds
agree (Spearman), and what a front that was chosen by one seed is worth, as area (F1 over log10 MACs/s, up to the
hypervolume's reference): by the scores that chose it, and by the other seed's. Trains nothing.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.replay.luck import area
from benchmarks.replay.rung_table import RungTable, read
from search.cli.guard import ended
from search.study.records import fingerprint
from sedkd.errors import UserError


@dataclass(frozen=True)
class Luck:
    """Of one rung. `believed`, `worth`: the area below a front chosen by one seed, by that seed's scores and by the
    other's, mean of both ways round."""

    steps: int
    deviation: float
    ranks: float
    believed: float
    worth: float


def luck_of(one: RungTable, other: RungTable) -> list[Luck]:
    """Of each rung, over the configurations that both tables have. UserError: they have different rungs, or none."""
    if (steps := [r.steps for r in one.ladder[0]]) != (others := [r.steps for r in other.ladder[0]]):
        raise UserError(f"the tables have different rungs: {steps} and {others}")
    there = {fingerprint(row.configuration): other.ladder[row.number] for row in other.rows}
    rows = [row for row in one.rows if fingerprint(row.configuration) in there]
    if not rows:
        raise UserError("no configuration is in both tables")
    costs = [row.cost for row in rows]
    found = []
    for place, rung in enumerate(one.ladder[0]):
        first = [one.ladder[row.number][place].f1 for row in rows]
        second = [there[fingerprint(row.configuration)][place].f1 for row in rows]
        found.append(_luck(rung.steps, costs, first, second))
    return found


def _luck(steps: int, costs: list[float], first: list[float], second: list[float]) -> Luck:
    from scipy.stats import spearmanr

    areas = [area(list(zip(mine, costs, others, strict=True))) for mine, others in ((first, second), (second, first))]
    worth, believed = np.mean(areas, axis=0)
    deviation = np.std(np.subtract(first, second)) / np.sqrt(2)
    return Luck(steps, float(deviation), float(spearmanr(first, second).statistic), float(believed), float(worth))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.replay.seeds", description=__doc__.splitlines()[0])
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    options = parser.parse_args()
    found = luck_of(read(options.one), read(options.other))
    print("| steps | deviation | ranks | front, by its own seed | by the other seed | luck |")
    print("|---" * 6 + "|")
    for luck in found:
        print(
            f"| {luck.steps} | {luck.deviation:.3f} | {luck.ranks:.2f} | {luck.believed:.3f} | {luck.worth:.3f} | "
            f"{luck.believed - luck.worth:.3f} |"
        )


if __name__ == "__main__":
    sys.exit(ended(main))

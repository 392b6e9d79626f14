"""Does it pay to train who stands on the front a second time? Luck from seed to seed, added to a table.

Run: python -m benchmarks.replay.luck benchmarks/replay/farm.json --deviation 0.03 --seeds 10

What the table holds is taken as what a configuration is worth; every training of it adds luck of its own, normal with
this deviation. A front is chosen by the means of the scores that a run has seen. Printed, as mean over runs after
shares of the seconds that 60 full trainings cost: the area (F1 over log10 MACs/s) that the worth of what the front
makes one pick lacks to that of the best picks of the table, and by how much the front flatters itself at the end.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replay.known import Replayed
from benchmarks.replay.ledger import OBJECTIVES
from benchmarks.replay.ours import MOST_DRAWS, RUNGS
from benchmarks.replay.strategies import begun_with, gain
from benchmarks.replay.table import Nearest, Row, Table, default_space, read_table
from search.cli.guard import between, ended
from search.pareto.front import ranks
from search.sampling.sampler import Observation
from search.space.space import Space
from search.study.opening import quiet_optuna
from search.trials.stopping import RungScores, is_hopeless

SHARES = (0.1, 0.25, 0.5, 1.0)
SEEDS = 8  # of a configuration, at most


@dataclass(frozen=True)
class Way:
    """`stopping`: hopeless trials are ended early; `trainings` of whoever stands on the front, from this share of the
    seconds on."""

    name: str
    stopping: bool = True
    trainings: int = 1
    begins: float = 0.0


WAYS = (
    Way("one seed each, as the search"),
    Way("the same, no early stopping", stopping=False),
    Way("a second seed for who joins the front", trainings=2),
    Way("the same, from 70 % of the seconds on", trainings=2, begins=0.7),
    Way("a second and a third seed", trainings=3),
)


def on_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Of (F1, log10 of the MACs) the places of those on the front, from the cheapest to the dearest."""
    found = [place for place, rank in enumerate(ranks(points, OBJECTIVES)) if rank == 1]
    return sorted(found, key=lambda place: points[place][1])


def area(chosen: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Of (what is believed of it, log10 of the MACs, what it is worth): the area up to the reference below the worth of
    the best that one may pick by belief for a cost, and below that belief."""
    within = [point for point in chosen if point[1] < OBJECTIVES.reference[1]]
    steps = [within[place] for place in on_front([(belief, cost) for belief, cost, _ in within])]
    costs = [cost for _, cost, _ in steps]
    widths = np.diff([*costs, OBJECTIVES.reference[1]])[: len(steps)]
    worth, believed = (float(sum(widths * [step[part] for step in steps])) for part in (2, 0))
    return worth, believed


class Run:
    """One run of one way: what it has seen of each row."""

    def __init__(self, table: Table, space: Space, way: Way, deviation: float, seed: int) -> None:
        self.table, self.space, self.way, self.seed = table, space, way, seed
        self.nearest = Nearest(table, space)
        self.known = Replayed(self.nearest)
        self.luck = np.random.default_rng([7, seed]).normal(0.0, deviation, (len(table.rows), SEEDS))
        self.scores: dict[int, list[float]] = defaultdict(list)  # of rows that were trained to their end
        self.trials: dict[int, tuple[Observation, RungScores]] = {}  # the first training of each row
        self.seconds = 0.0
        self.areas: list[tuple[float, float, float]] = []  # seconds, of worth, of belief

    def belief(self, row: int) -> float:
        return float(np.mean(self.scores[row]))

    def replay(self) -> "Run":
        """Until the seconds of 60 full trainings are spent."""
        study = quiet_optuna().create_study(
            directions=OBJECTIVES.directions, sampler=gain(self.seed, self.space, self.known)
        )
        for values in begun_with(self.space, self.table):
            study.enqueue_trial(dict(values))
        for _ in range(MOST_DRAWS):
            if self.seconds >= self.table.budget:
                break
            trial = study.ask()
            values = self.space.suggest(trial)
            row = self.nearest(values)
            if row.number not in self.trials:
                self._train(row, values)
                self._again()
            study.tell(trial, [self.belief(row.number) if row.number in self.scores else 0.0, row.cost])
        return self

    def _train(self, row: Row, values: Mapping[str, Any]) -> None:
        """The first time, and until it is hopeless."""
        training, luck = row.full, float(self.luck[row.number, 0])
        finished = [self._finished(number) for number in self.scores]
        rungs: dict[str, float] = {}
        point = training.curve[-1]
        for rung, share in RUNGS.items():
            rungs[rung] = training.at(share).f1 + luck
            if self.way.stopping and is_hopeless(rungs[rung], (row.cost,), rung, finished):
                point = training.at(share)
                break
        else:
            self.scores[row.number].append(training.f1 + luck)
        paid = training.paid(point)
        self.seconds += paid
        seen = Observation(dict(values), point.f1 + luck, row.cost, paid)
        self.trials[row.number] = seen, RungScores((row.cost,), training.curve[-1].f1 + luck, rungs)
        self.known.rows.add(row.number)
        self._look()

    def _finished(self, row: int) -> RungScores:
        """What early stopping goes by: gains as they were, from what is believed now."""
        first = self.trials[row][1]
        moved = self.belief(row) - self.scores[row][0]
        return RungScores(first.costs, first.score + moved, {rung: s + moved for rung, s in first.rungs.items()})

    def _again(self) -> None:
        """More seeds for the front's members, the best first, until all have theirs."""
        while self.way.begins * self.table.budget <= self.seconds < self.table.budget:
            few = [row for row in self._front() if len(self.scores[row]) < self.way.trainings]
            if not few:
                return
            row = max(few, key=self.belief)
            self.scores[row].append(self.table.rows[row].full.f1 + float(self.luck[row, len(self.scores[row])]))
            self.seconds += self.table.rows[row].full.seconds
            self._look()

    def _front(self) -> list[int]:
        rows = list(self.scores)
        return [rows[place] for place in on_front([(self.belief(row), self.table.rows[row].cost) for row in rows])]

    def _look(self) -> None:
        """What the sampler knows from now on, and what one would pick now."""
        self.known.seen = [
            replace(seen, quality=self.belief(row)) if row in self.scores else seen
            for row, (seen, _) in self.trials.items()
        ]
        rows = self.table.rows
        found = area([(self.belief(row), rows[row].cost, rows[row].full.f1) for row in self.scores])
        self.areas.append((self.seconds, *found))

    def after(self, share: float) -> tuple[float, float]:
        """The areas of worth and of belief after this share of the seconds."""
        within = [found for seconds, *found in self.areas if seconds <= share * self.table.budget]
        return (within[-1][0], within[-1][1]) if within else (0.0, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.replay.luck", description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--deviation", type=between(float, 0, 1), default=0.02, help="of F1 from seed to seed")
    parser.add_argument("--seeds", type=between(int, 1, 1000), default=10)
    options = parser.parse_args()
    table, space = read_table(options.table), default_space()
    most, _ = area([(row.full.f1, row.cost, row.full.f1) for row in table.rows])
    heads = [f"lacks at {share:.0%}" for share in SHARES]
    print(f"| deviation {options.deviation:g} | {' | '.join(heads)} | flatters itself | further seeds |")
    print("|---" * (len(heads) + 3) + "|")
    for way in WAYS:
        runs = [Run(table, space, way, options.deviation, seed).replay() for seed in range(options.seeds)]
        lacks = [[most - run.after(share)[0] for run in runs] for share in SHARES]
        cells = [f"{np.mean(found):.3f} ± {np.std(found) / len(runs) ** 0.5:.3f}" for found in lacks]
        flatters = np.mean([run.after(1.0)[1] - run.after(1.0)[0] for run in runs])
        further = np.mean([sum(len(scores) - 1 for scores in run.scores.values()) for run in runs])
        print(f"| {way.name} | {' | '.join(cells)} | {flatters:.3f} | {further:.0f} |", flush=True)


if __name__ == "__main__":
    sys.exit(ended(main))

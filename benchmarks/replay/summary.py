"""What the runs of a strategy come to, over its seeds."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from benchmarks.replay.ledger import Ledger, Step, at, reached, volumes_of
from benchmarks.replay.table import TRAININGS, Table
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord

SHARES = (0.1, 0.25, 0.5, 1.0)  # of the budget, for the printed table
GRID = 200  # points of a written curve


@dataclass(frozen=True)
class Result:
    """All runs of one strategy, and how the hypervolume rose in each."""

    name: str
    is_peer: bool
    ledgers: Sequence[Ledger]
    curves: Sequence[Sequence[Step]]

    def volumes(self, share: float) -> list[float]:
        """The hypervolume of each run after this share of the budget."""
        pairs = zip(self.ledgers, self.curves, strict=True)
        return [at(curve, share * ledger.limit) for ledger, curve in pairs]

    def shares_to(self, volume: float) -> list[float]:
        """The share of the budget after which each run that gets there has this hypervolume."""
        pairs = zip(self.ledgers, self.curves, strict=True)
        return [s / ledger.limit for ledger, curve in pairs if (s := reached(curve, volume)) is not None]


def result(name: str, is_peer: bool, ledgers: Sequence[Ledger]) -> Result:
    return Result(name, is_peer, ledgers, [ledger.steps() for ledger in ledgers])


def best_peer(results: Iterable[Result]) -> tuple[str, float]:
    """The peer with the highest mean hypervolume at the end of the budget, and that."""
    return max(((r.name, mean(r.volumes(1.0))) for r in results if r.is_peer), key=lambda pair: pair[1])


def of_all_rows(table: Table) -> float:
    """The hypervolume of every row's full training: what no strategy can exceed."""
    return volumes_of([FinishedTrial(row.number, (row.full.f1, row.cost), FinishedRecord()) for row in table.rows])[-1]


def printed(results: Sequence[Result], table: Table) -> str:
    """The comparison as a table of text."""
    name, target = best_peer(results)
    shares = "".join(f"{f'{share:.0%}':>16}" for share in SHARES)
    lines = [f"{'strategy':<48}{shares}{f'to {target:.4f}':>16}{'runs':>7}{'draws':>7}{'again':>7}{'ended':>7}"]
    lines += [_line(r, target) for r in results]
    return "\n".join([*lines, _legend(name, len(results[0].ledgers), table)])


def _legend(best: str, runs: int, table: Table) -> str:
    budget = f"{table.budget:.0f} training seconds, what {TRAININGS} full trainings cost on average"
    return f"""
Hypervolume after shares of {budget}; mean ± deviation of {runs} runs.
All {len(table.rows)} rows, trained in full: {of_all_rows(table):.4f}.
to: the share until what {best} ends with on average, of those runs that get there; runs: how many do.
draws: of rows; again: of rows that the run had trained before; ended: trainings ended at a rung."""


def write_curves(results: Iterable[Result], target: Path) -> None:
    """Strategy, seed, seconds, hypervolume: at GRID equal steps of the budget."""
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["strategy", "seed", "seconds", "hypervolume"])
        for r in results:
            for seed, (ledger, curve) in enumerate(zip(r.ledgers, r.curves, strict=True)):
                for point in range(GRID + 1):
                    seconds = ledger.limit * point / GRID
                    writer.writerow([r.name, seed, f"{seconds:.1f}", f"{at(curve, seconds):.5f}"])


def _line(r: Result, target: float) -> str:
    cells = "".join(f"{_spread(r.volumes(share), 4):>16}" for share in SHARES)
    there = r.shares_to(target)
    counts = [mean(getattr(ledger, name) for ledger in r.ledgers) for name in ("draws", "repeats", "stopped")]
    return f"{r.name:<48}{cells}{_spread(there, 2):>16}{f'{len(there)}/{len(r.ledgers)}':>7}" + "".join(
        f"{count:>7.0f}" for count in counts
    )


def _spread(values: Sequence[float], digits: int) -> str:
    if not values:
        return "-"
    deviation = stdev(values) if len(values) > 1 else 0.0
    return f"{mean(values):.{digits}f} ± {deviation:.{digits}f}"

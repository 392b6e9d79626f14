"""Training rung by rung against full trainings, replayed over a table of `record_rungs.py`, at equal training seconds.

Run: python -m benchmarks.replay.rungs TABLE.json [TABLE.json ...] --out DIR [--seeds 10] [--peers PYTHON]
Prints a table, and writes it, curves.csv and hypervolume.png. Trains nothing. A draw is answered by the nearest row. A
full training costs what it takes from the first step; one that goes on costs what it took from where it was put aside.
Of several tables, the same rows trained with other seeds, scores and seconds are the means over the seeds.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.replay.figure import keep
from benchmarks.replay.known import Replayed
from benchmarks.replay.ledger import OBJECTIVES, Ledger
from benchmarks.replay.ours import MOST_DRAWS, Ours, Switches
from benchmarks.replay.outside import PYTHON, Outside, installed
from benchmarks.replay.rung_table import RungTable, read
from benchmarks.replay.strategies import OUTSIDE, SAMPLERS, begun_with, gain
from benchmarks.replay.summary import result
from benchmarks.replay.table import Nearest, Row, default_space
from search.cli.guard import ended
from search.pareto.front import ranks
from search.pareto.rungs import FACTOR, Growth, Promotion, students
from search.sampling.sampler import Observation
from search.space.space import Space
from search.study.opening import quiet_optuna
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord

if TYPE_CHECKING:
    import optuna

Next = Callable[[Sequence[FinishedTrial], tuple[int, ...], bool], FinishedTrial | None]


class Foretelling(Replayed):
    """What the sampler knows of a run whose students may be trained on (see `search.sampling.knowledge`)."""

    def __init__(self, nearest: Nearest, rungs: tuple[int, ...]) -> None:
        super().__init__(nearest)
        self.rungs = rungs
        self.members: list[FinishedTrial] = []

    def observations(self) -> Sequence[Observation]:
        growth = Growth([self.members], self.rungs, OBJECTIVES.quality)
        return [
            Observation(
                m.record.configuration, growth.foretold(m)[0], m.values[1],
                m.record.seconds * self.rungs[-1] / m.record.steps,
            )
            for m in students(self.members)
        ]  # fmt: skip


@dataclass(frozen=True)
class ByRungs:
    """A strategy that trains rung by rung: `sampler` asks for new students, `promotion` for those that go on; `first`
    are configurations that it begins with."""

    sampler: "Callable[[int, Space, Any], optuna.samplers.BaseSampler]"
    space: Space
    promotion: Next
    first: tuple[Mapping[str, Any], ...] = ()

    def replay(self, table: RungTable, seed: int) -> Ledger:
        """One run, until its seconds are spent or it has drawn too often."""
        return self.run(table, seed)[0]

    def run(self, table: RungTable, seed: int) -> tuple[Ledger, Foretelling]:
        """The same, and what it knows at its end."""
        optuna = quiet_optuna()
        nearest, ledger = Nearest(table, self.space), Ledger(table.budget)
        rungs = tuple(rung.steps for rung in table.ladder[0])
        known = Foretelling(nearest, rungs)
        rows: dict[int, Row] = {}
        study = optuna.create_study(directions=OBJECTIVES.directions, sampler=self.sampler(seed, self.space, known))
        for values in self.first:
            study.enqueue_trial(dict(values))
        while not ledger.is_spent:
            over = ledger.draws >= MOST_DRAWS
            member = self.promotion(known.members, rungs, over)
            if member is None and over:
                break
            if member is not None:
                self._train(table, rows, known, ledger, rows[member.number], member)
                continue
            trial = study.ask()
            values = self.space.suggest(trial)
            row = nearest(values)
            ledger.draw(row.number in known.rows)
            if row.number not in known.rows:
                self._train(table, rows, known, ledger, row, None)
                known.rows.add(row.number)
            latest = next(m for m in students(known.members) if rows[m.number].number == row.number)
            study.tell(trial, list(latest.values))
        return ledger, known

    def _train(
        self,
        table: RungTable,
        rows: dict[int, Row],
        known: Foretelling,
        ledger: Ledger,
        row: Row,
        before: FinishedTrial | None,
    ) -> None:
        rung = next(r for r in table.ladder[row.number] if before is None or r.steps > before.record.steps)
        ledger.spend(rung.seconds)
        ledger.deliver(rung.f1, row.cost)
        measures = {"f1_segment": rung.f1, "macs": 10**row.cost}
        spent, continues = (before.record.seconds, before.number) if before else (0.0, None)
        record = FinishedRecord(
            measures=measures, configuration=row.configuration, curve=[{"step": rung.steps}],
            seconds=rung.seconds + spent, continues=continues,
        )  # fmt: skip
        number = len(known.members)
        known.members.append(FinishedTrial(number, (rung.f1, row.cost), record))
        rows[number] = row


@dataclass(frozen=True)
class After:
    """`how` beside another study: a run of it on another environment's table, `before`, with the same seed, as long as
    the one that is looked at. By what was trained there the sampler guesses as well, as the search does, and it is
    known what students gain from rung to rung."""

    how: ByRungs
    before: RungTable

    def replay(self, table: RungTable, seed: int) -> Ledger:
        past = self.how.run(self.before, seed)[1]
        sampler = partial(gain, prior=past.observations())
        promotion = partial(by_gain, past=[past.members])
        return replace(self.how, sampler=sampler, promotion=promotion).replay(table, seed)


def by_gain(
    members: Sequence[FinishedTrial],
    rungs: tuple[int, ...],
    over: bool,
    past: Sequence[Sequence[FinishedTrial]] = (),
) -> FinishedTrial | None:
    """As the search does."""
    taken = {m.record.continues for m in members if m.record.continues is not None}
    return Promotion(OBJECTIVES, rungs, past).next(members, taken, over)


def by_rank(members: Sequence[FinishedTrial], rungs: tuple[int, ...], over: bool) -> FinishedTrial | None:
    """MO-ASHA (Schmucker et al. 2021): of a rung's best quarter by non-dominated sorting one not yet promoted."""
    continued = {m.record.continues for m in members}
    for rung in reversed(rungs[:-1]):
        there = [m for m in members if m.record.steps == rung]
        order = sorted(zip(ranks([m.values for m in there], OBJECTIVES), there, strict=True), key=lambda pair: pair[0])
        for _, member in order[: len(there) // FACTOR]:
            if member.number not in continued:
                return member
    return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.replay.rungs", description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, nargs="+", metavar="TABLE")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--peers", type=Path, default=PYTHON, help="a Python that has peers.txt")
    parser.add_argument("--before", type=Path, help="another environment's table, for a study that came before")
    parser.add_argument("--primo", action="store_true", help="NePS PriMO as well, which thinks for minutes in each run")
    options = parser.parse_args()
    table, space, seeds = read(*options.tables), default_space(), range(options.seeds)
    before = read(options.before) if options.before else None
    results = []
    for name, (is_peer, how) in _strategies(space, table, before, installed(options.peers), options.primo).items():
        start = time.monotonic()
        ledgers = (
            how.replay_all(table.for_peers, seeds)
            if isinstance(how, Outside)
            else [how.replay(table, seed) for seed in seeds]
        )
        results.append(result(name, is_peer, ledgers))
        print(f"{name}: replayed in {time.monotonic() - start:.0f} s", flush=True)
    keep(results, table, options.out)


def _strategies(
    space: Space, table: RungTable, before: RungTable | None, python: Path | None, primo: bool
) -> "dict[str, tuple[bool, Ours | ByRungs | Outside | After]]":
    """By name: whether it is a peer, and how it runs. What a strategy trained before is free for all."""
    first = begun_with(space, table)
    answered = Switches(answers=True)
    search = ByRungs(gain, space, by_gain, first)
    packages = {**OUTSIDE, **({"NePS PriMO": ("of_neps.py", "primo")} if primo else {})}
    return {
        **{f"Optuna {name}, full trainings": (True, Ours(s, space, answered)) for name, s in SAMPLERS.items()},
        **{name: (True, Outside(python, *which, space, True)) for name, which in packages.items() if python},
        "MO-ASHA: random, by rank": (True, ByRungs(SAMPLERS["random"], space, by_rank)),
        "TPE, rungs by rank": (False, ByRungs(SAMPLERS["TPE"], space, by_rank)),
        "gain, full trainings": (False, Ours(gain, space, Switches(answers=True, first=first))),
        "gain, rungs by rank": (False, ByRungs(gain, space, by_rank, first)),
        "gain, rungs by gain: the search": (False, search),
        **({"the search beside another study": (False, After(search, before))} if before else {}),
    }


if __name__ == "__main__":
    sys.exit(ended(main))

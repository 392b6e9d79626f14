"""What an asking takes in a study in PostgreSQL that many workers are at: by phase, of the worker and of the server.

Run: python -m benchmarks.asking benchmarks/replay/farm.json --storage postgresql://... [--workers 200 --finished 400]
The server must run on this machine. One worker asks and tells by the very code of a search, with its own sampler; the
others are rows: before each asking as many trials as there are workers end and as many begin, as in the time of a
training, and one more of each just before its turn. `worker` and `server` are processor seconds, `wall` the clock's,
`trips` questions to the server. The phases: until it is its turn, in its turn, after it (most of it the choice, by the
sampler), and telling. benchmarks/many_simulated.py says what many workers lose with these times.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import optuna
from psycopg import _cursor_base, generators

from benchmarks.many_workers import FACTS
from benchmarks.other_workers import Others
from benchmarks.overhead import NO_TASK, OBJECTIVES, Everything, record_of
from benchmarks.replay.table import Nearest, default_space, read_table
from search.cli.guard import ended
from search.sampling.choice import with_sampler
from search.setup.budget import Budget
from search.setup.plan import Manner, Plan
from search.study.opening import load_study, open_study
from search.study.postgres import PostgresStorage
from search.study.records import RECORD
from search.study.store import Store
from search.trials.draws import TrialDraws
from sedkd.disk.json_file import write_json
from sedkd.train.settings import TrainSettings

PHASES = ("before", "turn", "after", "tell")
TRIPS_TO_CONNECT = 4  # of TCP and of a password


class Clocks:
    """Seconds and trips of each phase, an asking each; `read` ends a phase."""

    def __init__(self, keeper: int) -> None:
        self.keeper, self.trips = keeper, 0
        self.seen: dict[int, int] = {}
        self.found: dict[str, list[tuple[float, float, float, int]]] = defaultdict(list)
        self.read(None)

    def read(self, phase: str | None) -> None:
        worker, wall, server = time.thread_time(), time.perf_counter(), self._server()
        if phase is not None:
            before = self.before
            self.found[phase].append((worker - before[0], server, wall - before[1], self.trips))
        self.trips, self.before = 0, (time.thread_time(), time.perf_counter())

    def _server(self) -> float:
        """Processor seconds of all of the server's processes since the last reading."""
        spent, path = 0, Path(f"/proc/{self.keeper}/task/{self.keeper}/children")
        for pid in (self.keeper, *map(int, path.read_text().split())):
            try:
                now = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
            spent += now - self.seen.get(pid, 0)
            self.seen[pid] = now
        return spent / 1e9

    def times(self) -> dict[str, list[list[float]]]:
        """By phase each asking's; the connection that holds the lock is opened before the turn."""
        both = zip(self.found["before"], self.found.pop("connection"), strict=True)
        before = [np.add(*pair).tolist() for pair in both]
        return {"before": before, **{phase: [list(each) for each in self.found[phase]] for phase in PHASES[1:]}}


@contextmanager
def watched(clocks: Clocks, others: Others) -> Iterator[None]:
    """Phases end where a turn begins and ends; each exchange with the server is a trip."""
    turn = PostgresStorage.turn

    @contextmanager
    def timed(self: PostgresStorage, study: str) -> Iterator[None]:
        clocks.read("before")  # but for the connection that holds the lock, which is counted below
        others.end(1)
        others.begin(1)
        clocks.read(None)
        with turn(self, study):
            clocks.read("connection")
            yield
            clocks.read("turn")

    def counting(exchange: Callable[..., Any], trips: int) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            clocks.trips += trips
            return exchange(*args)

        return counted

    with (
        patch.object(PostgresStorage, "turn", timed),
        patch.object(generators, "connect", counting(generators.connect, TRIPS_TO_CONNECT)),
        patch.object(generators, "execute", counting(generators.execute, 1)),
        patch.object(_cursor_base, "execute", counting(_cursor_base.execute, 1)),
    ):
        yield


def timed_sampler(sampler: Any, seconds: list[float]) -> None:
    sample: Callable[..., Any] = sampler.sample_relative

    def timed(*args: Any) -> Any:
        begun = time.thread_time()
        try:
            return sample(*args)
        finally:
            seconds.append(time.thread_time() - begun)

    sampler.sample_relative = timed


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """By phase the worker's, the server's and the clock's seconds and the trips of each asking; the sampler's."""
    table, sampler = read_table(options.table), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), options.storage)
        made = open_study(store, f"farm-{os.getpid()}-{time.time():.0f}", FACTS, OBJECTIVES)
        others = Others(made, options.storage, table, options.workers, options.finished)
        own = others.connection.info.backend_pid
        clocks = Clocks(int(Path(f"/proc/{own}/stat").read_text().rpartition(")")[2].split()[1]))
        study, nearest = load_study(store, None, made.name), Nearest(table, default_space())
        plan = Plan(
            NO_TASK,
            default_space(),
            OBJECTIVES,
            TrainSettings(steps=options.steps),
            Budget(10**6),
            Manner(carry=False),
            store,
        )
        vars(plan)["limits"] = Everything(NO_TASK, plan.base, plan.budget)
        with_sampler(study, plan, 0)
        timed_sampler(study.optuna.sampler, sampler)
        with store.storage.owner() as owner:
            draws = TrialDraws(study, plan, owner)
            for asking in range(options.askings + 1):
                others.end(options.workers - 1)
                others.begin(options.workers - 1)
                if asking == 1:  # what the first reads and imports is no asking's
                    clocks.found.clear()
                    sampler.clear()
                clocks.read(None)
                with watched(clocks, others):
                    drawn = draws.next()
                    clocks.read("after")
                assert drawn is not None
                record = record_of(dict(drawn.values), table, nearest)
                clocks.read(None)
                with watched(clocks, others):
                    drawn.trial.set_user_attr(RECORD, record)
                    study.optuna.tell(drawn.trial, record["values"])
                    clocks.read("tell")
    return clocks.times() | {"sampler": sampler}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--storage", required=True, metavar="URL")
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--finished", type=int, default=400, help="trials, before anything is asked")
    parser.add_argument("--askings", type=int, default=10)
    parser.add_argument("--steps", type=int, default=150, help="of a training; 600 and more are trained by rungs")
    parser.add_argument("--json", type=Path, help="where the times are kept for many_simulated.py")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = measured(options)
    print(f"{'phase':>8}{'worker s':>10}{'server s':>10}{'wall s':>10}{'trips':>8}")
    for phase in PHASES:
        worker, server, wall, trips = np.mean(found[phase], axis=0)
        print(f"{phase:>8}{worker:>10.4f}{server:>10.4f}{wall:>10.4f}{trips:>8.1f}")
    longest = max(worker + server for worker, server, _, _ in found["turn"])
    print(f"sampler: {statistics.mean(found['sampler']):.3f} s; longest turn: {longest:.3f} s of processors")
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    sys.exit(ended(main))

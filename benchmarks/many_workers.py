"""Many workers at one study in PostgreSQL, with replayed trials: what they lose by waiting for the storage.

Run: python -m benchmarks.many_workers benchmarks/replay/farm.json --storage postgresql://... [--workers 10 50 200]
The database must be empty, and the server take four connections a worker (max_connections). A worker is a thread with
a storage of its own, which asks and tells by the very code of a search, and sleeps while it would train: --seconds on
average, as the table's trainings are spread. The sampler's time is slept, too (--sampler-seconds, as
benchmarks/overhead.py measures it): on 200 machines it does not share processors. The workers' own work with the
storage does share this machine's: `client s` is its processor time a trial, which other machines would have for
themselves, `server s` that of PostgreSQL, which they would not. `lost` is the share of asking and telling, `turn s`
what of an asking is the waiting for its turn, `twice` how many students were trained a second time.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from benchmarks.overhead import NO_TASK, OBJECTIVES, Everything, record_of
from benchmarks.replay.table import Nearest, Table, default_space, read_table
from search.cli.guard import ended
from search.setup.budget import Budget
from search.setup.plan import Manner, Plan
from search.study.opening import load_study, open_study
from search.study.postgres import PostgresStorage
from search.study.records import RECORD, fingerprint
from search.study.store import Store
from search.trials.draws import TrialDraws
from sedkd.train.settings import TrainSettings

FACTS = {
    "environment": "farm", "scene": "a farm", "events": list("abcdef"), "data": "replayed", "synthetic": False,
    "teacher": "none", "objectives": list(OBJECTIVES.names), "train": {"steps": 100},
}  # fmt: skip
COLUMNS = (
    "workers", "trials", "per s", "lost", "sampler", "ask s", "turn s", "longest s", "tell s", "client s", "server s",
    "twice",
)  # fmt: skip


class Slept(optuna.samplers.RandomSampler):
    """Draws at random after so many seconds, as if it had thought."""

    def __init__(self, seed: int, seconds: float) -> None:
        super().__init__(seed)
        self.seconds = seconds

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        time.sleep(self.seconds)
        return {}


@dataclass
class Times:
    """Seconds of each question and answer of some workers; `waits`: of these for their turn."""

    asks: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    tells: list[float] = field(default_factory=list)
    trainings: list[float] = field(default_factory=list)
    processor: float = 0.0


def some_workers(options: argparse.Namespace, name: str, first: int, count: int, answer: Any) -> None:
    """A process with so many workers."""
    table, times = read_table(options.table), Times()
    time_turns(times)
    threads = [threading.Thread(target=life, args=(options, name, first + i, table, times)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.processor = time.process_time()
    answer.put(times)


def time_turns(times: Times) -> None:
    """Note how long who asks waits for its turn."""
    turn = PostgresStorage.turn

    @contextmanager
    def timed(self: PostgresStorage, study: str) -> Iterator[None]:
        clock = time.perf_counter()
        with turn(self, study):
            if not study.startswith("optuna"):
                times.waits.append(time.perf_counter() - clock)
            yield

    PostgresStorage.turn = timed  # type: ignore[method-assign,assignment]


def life(options: argparse.Namespace, name: str, number: int, table: Table, times: Times) -> None:
    """A worker, until the time is up."""
    space, nearest = default_space(), Nearest(table, default_space())
    rng, scale = np.random.default_rng(number), options.seconds / statistics.mean(r.full.seconds for r in table.rows)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), options.storage)
        study = load_study(store, None, name)
        study.optuna.sampler = Slept(number, options.sampler_seconds)
        plan = Plan(NO_TASK, space, OBJECTIVES, TrainSettings(), Budget(10**6), Manner(carry=False), store)
        time.sleep(float(rng.uniform(0, options.seconds)))  # they did not all begin at the same moment
        with store.storage.owner() as owner:
            draws, until = TrialDraws(study, plan, owner), time.monotonic() + 60 * options.minutes
            draws.limits = Everything(NO_TASK, plan.base, plan.budget)
            while time.monotonic() < until:
                clock = time.perf_counter()
                drawn = draws.next()
                assert drawn is not None
                trial, values = drawn.trial, drawn.values
                times.asks.append(time.perf_counter() - clock - options.sampler_seconds)
                record = record_of(values, table, nearest)
                times.trainings.append(scale * record["seconds"])
                time.sleep(times.trainings[-1])
                clock = time.perf_counter()
                trial.set_user_attr(RECORD, record)
                study.optuna.tell(trial, record["values"])
                times.tells.append(time.perf_counter() - clock)


def measured(options: argparse.Namespace, workers: int) -> list[str]:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        study = open_study(Store(Path(folder), options.storage), f"farm-{workers}-{os.getpid()}", FACTS, OBJECTIVES)
    context, answers = get_context("spawn"), get_context("spawn").Queue()
    before, begun = server_seconds(options.storage), time.monotonic()
    counts = [len(part) for part in np.array_split(np.arange(workers), min(options.processes, workers))]
    processes = [
        context.Process(target=some_workers, args=(options, study.name, sum(counts[:i]), count, answers))
        for i, count in enumerate(counts)
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    seconds, spent = time.monotonic() - begun, server_seconds(options.storage) - before
    asks, waits, tells, trained = (
        [value for times in found for value in getattr(times, name)] for name in ("asks", "waits", "tells", "trainings")
    )
    trials, lost, thought = len(tells), sum(asks) + sum(tells), options.sampler_seconds * len(asks)
    whole = lost + thought + sum(trained)
    drawn = Counter(fingerprint(member.record.configuration) for member in study.finished())
    client, twice = sum(times.processor for times in found), sum(count - 1 for count in drawn.values())
    return [
        f"{workers}", f"{trials}", f"{trials / seconds:.2f}", f"{lost / whole:.1%}", f"{thought / whole:.1%}",
        f"{statistics.mean(asks):.3f}", f"{statistics.mean(waits):.3f}", f"{max(asks):.2f}",
        f"{statistics.mean(tells):.3f}", f"{client / trials:.3f}", f"{spent / trials:.3f}", f"{twice}",
    ]  # fmt: skip


def server_seconds(address: str) -> float:
    """Processor seconds of the server so far, where it runs on this machine; nan elsewhere."""
    import psycopg

    tick = os.sysconf("SC_CLK_TCK")
    with psycopg.connect(address, autocommit=True) as connection:
        pids = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity").fetchall()]
        own = connection.info.backend_pid
    try:
        fields = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids}
        keeper = Path(f"/proc/{int(fields[own][1])}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, KeyError):
        return float("nan")
    # Of those that work (user and system time), and of those that have ended, which are counted with their parent.
    return (sum(int(f[11]) + int(f[12]) for f in fields.values()) + int(keeper[13]) + int(keeper[14])) / tick


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--storage", required=True, metavar="URL")
    parser.add_argument("--workers", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--seconds", type=float, default=30.0, help="of a training, on average")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each number of workers")
    parser.add_argument("--sampler-seconds", type=float, default=0.25)
    parser.add_argument("--processes", type=int, default=4, help="that share the workers")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print("".join(f"{name:>10}" for name in COLUMNS))
    for workers in options.workers:
        print("".join(f"{cell:>10}" for cell in measured(options, workers)), flush=True)


if __name__ == "__main__":
    sys.exit(ended(main))

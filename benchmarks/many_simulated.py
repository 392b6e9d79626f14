"""What many workers would lose by asking and telling, SIMULATED from times that benchmarks/asking.py measured.

Run: python -m benchmarks.many_simulated benchmarks/replay/farm.json TIMES.json [--workers 20 50 100 200 400]
Discrete events: each worker has a processor of its own, as on its own machine; the study's turn is one's at a time, and
the server's processors serve who comes first. A trial is before, turn, after (the sampler in it), training, telling, as
long as one of the measured askings, drawn at random, took of the worker's and the server's processor, and --trip-ms for
each question (the network and the disk, which are not measured). Trainings are spread as the table's, --seconds on
average. With --shared SPEED all share one processor, of which they have this share, as benchmarks/many_workers.py's do,
and the sampler's time is slept as there: to compare the two. `bound by turn` and `by server` are the most trials per
second that each allows.
"""

import argparse
import heapq
import itertools
import statistics
import sys
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import PHASES
from benchmarks.replay.table import read_table
from search.cli.guard import ended
from sedkd.disk.json_file import read_json

SLICE = 0.01  # seconds that a shared processor serves one before the next
COLUMNS = ("workers", "per s", "lost", "waiting", "ask s", "turn s", "longest s", "server", "turn", "lost p95")

Steps = Generator[tuple[str, Any], None, None]


class Place:
    """What so many can use at once; others wait in line."""

    def __init__(self, free: int) -> None:
        self.free, self.line, self.used = free, deque[Any](), 0.0


class World:
    """Runs workers' steps: ("sleep", seconds), ("take", place), ("give", place)."""

    def __init__(self) -> None:
        self.now, self.order = 0.0, itertools.count()
        self.events: list[tuple[float, int, Steps]] = []

    def add(self, steps: Steps, delay: float = 0.0) -> None:
        heapq.heappush(self.events, (self.now + delay, next(self.order), steps))

    def run(self, until: float) -> None:
        while self.events and self.events[0][0] < until:
            self.now, _, steps = heapq.heappop(self.events)
            step = next(steps, None)
            if step is None:
                continue
            what, value = step
            if what == "sleep":
                self.add(steps, value)
            elif what == "take" and not value.free:
                value.line.append(steps)
            elif what == "take":
                value.free -= 1
                self.add(steps)
            elif value.line:  # given to who waits
                self.add(value.line.popleft())
                self.add(steps)
            else:
                value.free += 1
                self.add(steps)


class Simulated:
    """So many workers for so long."""

    def __init__(self, options: argparse.Namespace, times: dict[str, Any], trainings: np.ndarray, workers: int) -> None:
        self.options, self.times, self.trainings = options, times, trainings
        self.world, self.turn = World(), Place(1)
        self.server = Place(1 if options.shared else options.server_cores)
        self.rng = np.random.default_rng(workers)
        self.asks, self.turns, self.lost, self.waits = list[float](), list[float](), list[float](), list[float]()
        self.trained = 0.0
        for _ in range(workers):
            self.world.add(self.worker(), float(self.rng.uniform(0, options.seconds)))
        self.world.run(60 * options.minutes)

    def worker(self) -> Steps:
        world = self.world
        while True:
            case, begun = int(self.rng.integers(len(self.times["turn"]))), world.now
            own = yield from self.phase("before", case)
            asked = world.now
            yield "take", self.turn
            self.turns.append(world.now - asked)
            held = world.now
            own += yield from self.phase("turn", case)
            self.turn.used += world.now - held
            yield "give", self.turn
            own += yield from self.phase("after", case)
            self.asks.append(world.now - begun)
            training = float(self.rng.choice(self.trainings))
            yield "sleep", training
            told = world.now
            own += yield from self.phase("tell", case)
            self.lost.append(self.asks[-1] + world.now - told)
            self.trained += training
            self.waits.append(world.now - begun - training - own)

    def phase(self, name: str, case: int) -> Generator[tuple[str, Any], None, float]:
        """Its own work, then the server's; what it would take were nobody else there."""
        worker, server, _, trips = self.times[name][case]
        thought = self.times["sampler"][case] if name == "after" else 0.0
        idle = trips * self.options.trip_ms / 1000
        if self.options.shared:
            yield "sleep", idle + thought
            yield from self.served((worker - thought + server) / self.options.shared)
            return float(idle + worker + server)
        yield "sleep", idle + worker
        yield from self.served(server)
        return float(idle + worker + server)

    def served(self, seconds: float) -> Steps:
        while seconds > 0:
            yield "take", self.server
            part = min(seconds, SLICE)
            yield "sleep", part
            self.server.used += part
            yield "give", self.server
            seconds -= SLICE

    def row(self, workers: int) -> list[str]:
        whole, cores = self.trained + sum(self.lost), 1 if self.options.shared else self.options.server_cores
        shares = [lost / (lost + self.options.seconds) for lost in self.lost]
        return [
            f"{workers}", f"{len(self.lost) / self.world.now:.2f}", f"{sum(self.lost) / whole:.1%}",
            f"{sum(self.waits) / whole:.1%}", f"{statistics.mean(self.asks):.3f}", f"{statistics.mean(self.turns):.3f}",
            f"{max(self.asks):.2f}", f"{self.server.used / self.world.now / cores:.0%}",
            f"{self.turn.used / self.world.now:.0%}", f"{np.quantile(shares, 0.95):.1%}",
        ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("times", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[20, 50, 100, 200, 400])
    parser.add_argument("--seconds", type=float, default=30.0, help="of a training, on average")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--trip-ms", type=float, default=1.0, help="from a question to its answer, beside the work")
    parser.add_argument("--server-cores", type=int, default=2)
    parser.add_argument("--shared", type=float, metavar="SPEED", help="all share this part of one processor")
    options = parser.parse_args()
    times = read_json(options.times, dict, "measure it again")
    seconds = np.array([row.full.seconds for row in read_table(options.table).rows])
    trip = options.trip_ms / 1000
    held = statistics.mean(worker + server + trips * trip for worker, server, _, trips in times["turn"])
    served = sum(statistics.mean(server for _, server, _, _ in times[phase]) for phase in PHASES)
    print(f"bound by turn: {1 / held:.1f} per s; by server: {options.server_cores / served:.1f} per s")
    print("".join(f"{name:>10}" for name in COLUMNS))
    for workers in options.workers:
        found = Simulated(options, times, options.seconds * seconds / seconds.mean(), workers)
        print("".join(f"{cell:>10}" for cell in found.row(workers)), flush=True)


if __name__ == "__main__":
    sys.exit(ended(main))

"""What an asking takes in a study in PostgreSQL that many workers are at: by phase, of the worker and of the server.

Run: python benchmarks/asking.py benchmarks/replay/farm.json --storage postgresql://... [--workers 200 --finished 400]
The server must run on this machine. One worker asks and tells by the very code of a search, with its own sampler; the
others are rows: before each asking as many trials as there are workers end and as many begin, as in the time of a
training, and one more of each just before its turn. `worker` and `server` are processor seconds, `wall` the clock's,
`trips` questions to the server. The phases: until it is its turn, in its turn, after it (the choice: of this `sampler`),
and telling. benchmarks/many_simulated.py says what many workers lose with these times.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import psycopg

from benchmarks.many_workers import FACTS
from benchmarks.overhead import NO_TASK, OBJECTIVES, Everything, record_of
from benchmarks.replay.table import Nearest, Table, default_space, read_table
from search.sampling.choice import with_sampler
from search.setup.budget import Budget
from search.setup.plan import Manner, Plan
from search.study.opening import load_study, open_study
from search.study.postgres import PostgresStorage
from search.study.records import OWNER, RECORD
from search.study.store import Store
from search.study.view import StudyView
from search.trials.draws import TrialDraws
from sedkd.disk.json_file import write_json
from sedkd.train.settings import TrainSettings

PHASES = ("before", "turn", "after", "tell")
MODELS = 60  # trials that the others' are copies of
BEGIN = """
WITH made AS (
    INSERT INTO trials (study_id, number, state, datetime_start)
    SELECT %(study)s, %(number)s + i, 'RUNNING', now() FROM generate_series(0, %(count)s - 1) i RETURNING trial_id, number
), models AS (SELECT trial_id, row_number() OVER (ORDER BY trial_id) - 1 AS place FROM trials WHERE trial_id = ANY(%(models)s)),
pairs AS (SELECT made.trial_id, models.trial_id AS model FROM made JOIN models ON made.number %% %(every)s = models.place),
owned AS (INSERT INTO trial_user_attributes (trial_id, key, value_json) SELECT trial_id, 'owner', '"other"' FROM made)
INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
SELECT pairs.trial_id, param_name, CASE WHEN param_name = 'train.learning_rate' THEN param_value * (1 + random() / 1e6)
    ELSE param_value END, distribution_json
FROM pairs JOIN trial_params p ON p.trial_id = pairs.model ORDER BY p.param_id
"""
END = """
WITH ended AS (SELECT trial_id, number FROM trials JOIN trial_user_attributes u USING (trial_id)
    WHERE study_id = %(study)s AND state = 'RUNNING' AND u.key = 'owner' AND u.value_json = '"other"'
    ORDER BY number LIMIT %(count)s),
models AS (SELECT trial_id, row_number() OVER (ORDER BY trial_id) - 1 AS place FROM trials WHERE trial_id = ANY(%(models)s)),
pairs AS (SELECT ended.trial_id, models.trial_id AS model FROM ended JOIN models ON number %% %(every)s = models.place),
valued AS (INSERT INTO trial_values (trial_id, objective, value, value_type)
    SELECT pairs.trial_id, objective, value, value_type FROM pairs JOIN trial_values v ON v.trial_id = pairs.model),
recorded AS (INSERT INTO trial_user_attributes (trial_id, key, value_json)
    SELECT pairs.trial_id, key, value_json FROM pairs JOIN trial_user_attributes a ON a.trial_id = pairs.model
    WHERE key = 'record')
UPDATE trials SET state = 'COMPLETE', datetime_complete = now() WHERE trial_id IN (SELECT trial_id FROM ended)
"""


class Others:
    """The other workers' trials, written in few statements, with the parameters and results of MODELS real ones."""

    def __init__(self, study: StudyView, address: str, table: Table, workers: int, finished: int) -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        space, nearest = default_space(), Nearest(table, default_space())
        random = optuna.create_study(directions=OBJECTIVES.directions, sampler=optuna.samplers.RandomSampler(seed=1))
        for _ in range(MODELS):
            trial = random.ask()
            record = record_of(space.suggest(trial), table, nearest)
            study.optuna.add_trial(
                optuna.trial.create_trial(
                    values=record["values"], params=trial.params, distributions=trial.distributions,
                    user_attrs={OWNER: "model", RECORD: record},
                )
            )  # fmt: skip
        ids = [trial._trial_id for trial in study.optuna.get_trials(deepcopy=False)]
        (self.study,) = self.connection.execute("SELECT max(study_id) FROM trials WHERE trial_id = ANY(%s)", (ids,)).fetchone()  # type: ignore[misc]
        self.models = ids
        for _ in range(max(0, finished - MODELS) // workers):
            self.begin(workers)
            self.end(workers)
        self.begin(workers - 1)
        self.connection.execute("ANALYZE")

    def begin(self, count: int) -> None:
        with self.connection.transaction():
            self.connection.execute("SELECT 1 FROM studies WHERE study_id = %s FOR UPDATE", (self.study,))
            (number,) = self.connection.execute("SELECT count(*) FROM trials WHERE study_id = %s", (self.study,)).fetchone()  # type: ignore[misc]
            self._execute(BEGIN, count, number)

    def end(self, count: int) -> None:
        self._execute(END, count)

    def _execute(self, statement: str, count: int, number: int = 0) -> None:
        values = {"study": self.study, "models": self.models, "every": MODELS, "count": count, "number": number}
        self.connection.execute(statement, values)  # type: ignore[arg-type]


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

    def mean(self, phase: str) -> list[float]:
        return [statistics.mean(column) for column in zip(*self.found[phase], strict=True)]


@contextmanager
def watched(clocks: Clocks, others: Others) -> Iterator[None]:
    """Phases end where a turn begins and ends; each wait for the server is a trip."""
    turn, wait = PostgresStorage.turn, psycopg.Connection.wait

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

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        clocks.trips += 1
        return wait(self, *args, **kwargs)

    PostgresStorage.turn, psycopg.Connection.wait = timed, counted  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        PostgresStorage.turn, psycopg.Connection.wait = turn, wait  # type: ignore[method-assign]


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
    """By phase the mean seconds of worker, server and clock, and the trips; of the sampler its seconds."""
    table, sampler = read_table(options.table), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), options.storage)
        made = open_study(store, f"farm-{os.getpid()}-{time.time():.0f}", FACTS, OBJECTIVES)
        others = Others(made, options.storage, table, options.workers, options.finished)
        own = others.connection.info.backend_pid
        clocks = Clocks(int(Path(f"/proc/{own}/stat").read_text().rpartition(")")[2].split()[1]))
        study, nearest = load_study(store, None, made.name), Nearest(table, default_space())
        plan = Plan(NO_TASK, default_space(), OBJECTIVES, TrainSettings(steps=options.steps), Budget(10**6), Manner(carry=False), store)
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
    found: dict[str, Any] = {phase: clocks.mean(phase) for phase in PHASES}
    found["before"] = np.add(found["before"], clocks.mean("connection")).tolist()
    longest = max(worker + server for worker, server, _, _ in clocks.found["turn"])
    return found | {"sampler": statistics.mean(sampler), "longest turn": longest}


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
        worker, server, wall, trips = found[phase]
        print(f"{phase:>8}{worker:>10.4f}{server:>10.4f}{wall:>10.4f}{trips:>8.1f}")
    print(f"sampler (in `after`): {found['sampler']:.3f} s; longest turn: {found['longest turn']:.3f} s of processors")
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    main()

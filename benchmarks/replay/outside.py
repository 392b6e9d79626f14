"""Peers in their own packages: their processes ask for trainings, the table answers, the ledger counts."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.replay.ledger import Ledger
from benchmarks.replay.table import TRAININGS, Nearest, Row, Table, applying
from search.space.dimensions import Choice, Dimension, IntRange, Range
from search.space.space import Space
from sedkd.errors import UserError

MOST_DRAWS = 8 * TRAININGS  # of trials that mostly end at a tenth; answered ones cost nothing
SCRIPTS = Path(__file__).parent / "peers"
VENV = Path(".venv/peers")
PYTHON = VENV / "bin/python"
INSTALL = f"python3 -m venv {VENV} && {VENV}/bin/pip install -r benchmarks/replay/peers.txt"


def installed(python: Path) -> Path | None:
    """The Python that has the packages; None, and how to get them is said, where it is not there."""
    if python.exists():
        return python
    print(f"without Syne Tune and NePS; with them: {INSTALL}")
    return None


@dataclass(frozen=True)
class Outside:
    """A method of a package that is not installed beside ours: a script of `peers/` and its argument."""

    python: Path
    script: str
    method: str
    space: Space
    answers: bool = False  # what it trained before is free for it

    def replay_all(self, table: Table, seeds: Sequence[int]) -> list[Ledger]:
        """A run for each seed, one process for all."""
        command = [str(self.python), str(SCRIPTS / self.script), self.method]
        pipe = subprocess.PIPE
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, text=True) as process,
        ):
            try:
                return [_Dialogue(process, table, self).run(seed) for seed in seeds]
            except (BrokenPipeError, json.JSONDecodeError):
                process.wait()
                said.seek(0)
                raise UserError(f"{' '.join(command)} ended:\n{said.read()[-2000:]}") from None


class _Dialogue:
    """One run. What goes on costs only the difference; whether a row that is begun again does, `answers` says.

    A trial that goes on at once delivers no student yet: with every look at a score, the best of them flatters more.
    """

    def __init__(self, process: subprocess.Popen[str], table: Table, peer: Outside) -> None:
        self.process, self.space, self.answers = process, peer.space, peer.answers
        self.table = table
        self.nearest, self.ledger = Nearest(table, peer.space), Ledger(table.budget)
        self.trials: dict[str, float] = {}  # seconds that each trial has behind it
        self.rows: dict[int, float] = {}  # the most seconds that any trial of the row has
        self.waiting: tuple[str, float, float] | None = None  # the last trial, its score and its cost

    def run(self, seed: int) -> Ledger:
        described = [_described(dimension) for dimension in self.space.dimensions]
        fidelities = {"fidelities": self.table.fidelities, "factor": self.table.factor}
        self._send({"seed": seed, "space": described, **fidelities})
        asked = self._received()
        while not self.ledger.is_spent and self.ledger.draws < MOST_DRAWS:
            self._send({"losses": self._trained(asked)})
            asked = self._received()
            self._deliver(asked["continues"])
        self._send({"end": True})
        return self.ledger

    def _trained(self, asked: Mapping[str, Any]) -> list[float]:
        row = self.nearest(self._configuration(asked["configuration"]))
        if asked["continues"] is None:
            self.ledger.draw(row.number in self.rows)
        point = row.full.curve[asked["until"] - 1]
        f1, seconds = row.full.delivered(point), row.full.paid(point)
        self.ledger.spend(self._owed(row, seconds, asked["continues"]))
        self.trials[asked["trial"]] = seconds
        self.rows[row.number] = max(seconds, self.rows.get(row.number, 0.0))
        self.waiting = asked["trial"], f1, row.cost
        return [-f1, row.cost]

    def _deliver(self, continues: str | None) -> None:
        if self.waiting and self.waiting[0] != continues:
            self.ledger.deliver(*self.waiting[1:])

    def _owed(self, row: Row, seconds: float, continues: str | None) -> float:
        done = self.rows.get(row.number, 0.0) if self.answers else self.trials.get(continues or "", 0.0)
        return max(seconds - done, 0.0)

    def _configuration(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return applying(self.space, {d.name: _meant(d, values[d.name]) for d in self.space.dimensions})

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin
        print(json.dumps(message), file=self.process.stdin, flush=True)

    def _received(self) -> dict[str, Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


def _described(dimension: Dimension) -> dict[str, Any]:
    """A dimension as every package has it: whole numbers count steps or choices, from 0."""
    low, high, default = dimension.extremes()[0], dimension.extremes()[-1], dimension.default
    if isinstance(dimension, Choice):
        low, high, default = 0, len(dimension.choices) - 1, dimension.choices.index(default)
    if isinstance(dimension, IntRange):
        low, high, default = 0, (high - low) // dimension.step, (default - low) // dimension.step
    log = isinstance(dimension, Range) and dimension.log
    found = {"name": dimension.name, "kind": dimension.kind, "low": low, "high": high}
    return {**found, "log": log, "default": default}


def _meant(dimension: Dimension, value: Any) -> Any:
    if isinstance(dimension, Choice):
        return dimension.choices[value]
    return dimension.low + dimension.step * value if isinstance(dimension, IntRange) else value

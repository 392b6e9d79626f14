"""Optuna's samplers as they are, and our search: a sampler with switches, each of which can be looked at alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.replay.known import Replayed
from benchmarks.replay.ledger import OBJECTIVES, Ledger
from benchmarks.replay.table import TRAININGS, Checkpoint, Nearest, Row, Table, Training
from search.space.space import Space
from search.study.opening import quiet_optuna
from search.trials.stopping import RungScores, is_hopeless

if TYPE_CHECKING:
    import optuna

MOST_DRAWS = 3 * TRAININGS  # repeats cost nothing where they are answered: a run must end all the same
RUNGS = {"full@0.5": 0.5, "full@0.75": 0.75}


@dataclass(frozen=True)
class Switches:
    """What is added to the plain sampler."""

    answers: bool = False  # what was trained to its end before is answered from memory
    stopping: bool = False  # what is hopeless at a rung is ended
    first: tuple[Mapping[str, Any], ...] = ()  # configurations that it begins with


@dataclass(frozen=True)
class Outcome:
    """Where a trial ended, its scores at the rungs on its way, and the score of the student that it delivers."""

    point: Checkpoint
    rungs: Mapping[str, float]
    f1: float
    is_stopped: bool


class Run:
    """One run of one strategy: what it has trained and what it knows."""

    def __init__(self, table: Table, switches: Switches) -> None:
        self.table, self.switches, self.ledger = table, switches, Ledger(table.budget)
        self.outcomes: dict[int, Outcome] = {}
        self.finished: list[RungScores] = []

    def outcome(self, row: Row) -> Outcome:
        """Train this row, or answer from memory."""
        known = self.outcomes.get(row.number)
        self.ledger.draw(known is not None)
        if known and self.switches.answers and not known.is_stopped:  # as the search does
            return known
        outcome = self._trained(row)
        self.outcomes[row.number] = outcome
        self.ledger.deliver(outcome.f1, row.cost)
        if not outcome.is_stopped:
            self.finished.append(RungScores((row.cost,), outcome.point.f1, outcome.rungs))
        return outcome

    def _trained(self, row: Row) -> Outcome:
        training = row.full
        rungs: dict[str, float] = {}
        for rung, share in RUNGS.items():
            point = training.at(share)
            if self.switches.stopping and is_hopeless(point.f1, (row.cost,), rung, self.finished):
                return self._ended(training, point, rungs, True)
            rungs[rung] = point.f1
        return self._ended(training, training.curve[-1], rungs, False)

    def _ended(self, training: Training, point: Checkpoint, rungs: Mapping[str, float], is_stopped: bool) -> Outcome:
        self.ledger.spend(training.paid(point))
        self.ledger.stopped += is_stopped
        return Outcome(point, rungs, training.delivered(point), is_stopped)


@dataclass(frozen=True)
class Ours:
    """A strategy that runs in Optuna; `sampler` makes one from a seed, the space and what the run knows."""

    sampler: "Callable[[int, Space, Replayed], optuna.samplers.BaseSampler]"
    space: Space
    switches: Switches = Switches()

    def replay(self, table: Table, seed: int) -> Ledger:
        """One run, until its seconds are spent or it has drawn too often."""
        optuna = quiet_optuna()
        nearest, run = Nearest(table, self.space), Run(table, self.switches)
        known = Replayed(nearest)
        study = optuna.create_study(directions=OBJECTIVES.directions, sampler=self.sampler(seed, self.space, known))
        for values in self.switches.first:
            study.enqueue_trial(dict(values))
        while not run.ledger.is_spent and run.ledger.draws < MOST_DRAWS:
            trial = study.ask()
            values = self.space.suggest(trial)
            row, before = nearest(values), run.ledger.seconds
            outcome = run.outcome(row)
            if run.ledger.seconds > before:
                known.add(values, outcome.f1, run.ledger.seconds - before)
            if outcome.is_stopped:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                study.tell(trial, [outcome.f1, row.cost])
        return run.ledger

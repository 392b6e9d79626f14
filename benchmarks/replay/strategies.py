"""Every strategy of the comparison by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.replay.known import Replayed, past
from benchmarks.replay.ledger import OBJECTIVES, Ledger
from benchmarks.replay.ours import Ours, Switches
from benchmarks.replay.outside import Outside
from benchmarks.replay.table import TRAININGS, Nearest, Table
from search.sampling.sampler import GainSampler, Observation
from search.space.controls import controls
from search.space.first_tries import first_tries, to_be_tried
from search.space.space import Space

if TYPE_CHECKING:
    import optuna

OUTSIDE = {
    "Syne Tune MOASHA": ("of_syne_tune.py", "shipped"),
    "Syne Tune MOASHA, ranked": ("of_syne_tune.py", "ranked"),
    "NePS MOASHA": ("of_neps.py", "moasha"),
    "NePS MO-Hyperband": ("of_neps.py", "mo_hyperband"),
}


@dataclass(frozen=True)
class Strategy:
    """A name in the table, how it runs, and whether it is one of those that ours must beat."""

    name: str
    how: Ours | Outside
    is_peer: bool

    def replay(self, table: Table, seeds: Sequence[int]) -> list[Ledger]:
        """One run for each seed."""
        if isinstance(self.how, Outside):
            return self.how.replay_all(table, seeds)
        return [self.how.replay(table, seed) for seed in seeds]


def peers(space: Space, python: Path | None, answers: bool) -> list[Strategy]:
    """Optuna's samplers without pruning, and the other packages' methods where there is a Python that has them.

    `answers`: what one of them trained before is free for it, as it is for ours.
    """
    switches = Switches(answers=answers)
    found = [Strategy(name, Ours(sampler, space, switches), True) for name, sampler in SAMPLERS.items()]
    if python:
        found += [Strategy(name, Outside(python, *which, space, answers), True) for name, which in OUTSIDE.items()]
    return found


def ours(space: Space, table: Table, before: Table | None) -> list[Strategy]:
    """Each of our additions to TPE alone, then our sampler with one after the other.

    `before`: another environment's table, as a past study to guess by.
    """
    first = begun_with(space, table)
    both = Switches(answers=True, stopping=True, first=first)
    found = {
        "TPE + answers": Ours(tpe, space, Switches(answers=True)),
        "TPE + stopping": Ours(tpe, space, Switches(stopping=True)),
        "TPE + controls, answers, stopping": Ours(tpe, space, both),
        "gain": Ours(gain, space, Switches(answers=True, first=first)),
        "gain + stopping": Ours(gain, space, both),
    }
    if before:
        found["gain + stopping, prior"] = Ours(partial(gain, prior=past(before)), space, both)
    return [Strategy(name, how, False) for name, how in found.items()]


def begun_with(space: Space, table: Table) -> tuple[Mapping[str, Any], ...]:
    """What a search of as many trials begins with: its controls, and every other strategy once."""
    nearest = Nearest(table, space)
    tries = first_tries(space, to_be_tried(space, TRAININGS), lambda values: nearest(values).cost)
    return (*(values for _, values in controls(space)), *tries)


def random(seed: int, space: Space, known: Replayed) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.RandomSampler(seed=seed)


def nsga2(seed: int, space: Space, known: Replayed) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.NSGAIISampler(seed=seed)


def tpe(seed: int, space: Space, known: Replayed) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


def gain(seed: int, space: Space, known: Replayed, prior: Sequence[Observation] = ()) -> "optuna.samplers.BaseSampler":
    """The search's own: see `search.sampling`."""
    quality, cost = OBJECTIVES.reference
    return GainSampler(space, known, (quality, cost), seed, prior)


SAMPLERS = {"random": random, "NSGA-II": nsga2, "TPE": tpe}

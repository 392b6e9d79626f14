"""Every strategy of the comparison by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.replay.ledger import Ledger
from benchmarks.replay.ours import Ours, Switches
from benchmarks.replay.outside import Outside
from benchmarks.replay.table import Table
from search.space import Space
from sedkd.starts import FAMILY, STARTS

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
    plain, switches = space.without("initialisation", FAMILY), Switches(answers=answers)
    found = [Strategy(name, Ours(sampler, plain, switches), True) for name, sampler in SAMPLERS.items()]
    if python:
        found += [Strategy(name, Outside(python, *which, plain, answers), True) for name, which in OUTSIDE.items()]
    return found


def ours(space: Space, carried: Sequence[Mapping[str, Any]]) -> list[Strategy]:
    """TPE with each of our additions alone, then with one after the other. A space with the family lets the sampler
    choose it as a start; `all family` leaves no other."""
    plain, family_only = space.without("initialisation", FAMILY), space
    for start in STARTS:
        family_only = family_only if start == FAMILY else family_only.without("initialisation", start)
    both = Switches(answers=True, stopping=True)
    found = {
        "TPE + answers": (plain, Switches(answers=True)),
        "TPE + stopping": (plain, Switches(stopping=True)),
        "TPE + family": (space, Switches()),
        "TPE + family, uncounted": (space, Switches(counts_family=False)),
        "TPE + answers, stopping": (plain, both),
        "TPE + answers, stopping, family": (space, both),
        "TPE + answers, stopping, family, uncounted": (space, replace(both, counts_family=False)),
        "TPE + answers, stopping, all family": (family_only, both),
        "TPE + answers, stopping, all family, uncounted": (family_only, replace(both, counts_family=False)),
    }
    if carried:
        found["TPE + carried"] = (plain, Switches(carried=tuple(carried)))
        found["all"] = (space, replace(both, carried=tuple(carried)))
        found["all, family uncounted"] = (space, replace(both, carried=tuple(carried), counts_family=False))
    return [Strategy(name, Ours(tpe, there, switches), False) for name, (there, switches) in found.items()]


def random(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.RandomSampler(seed=seed)


def nsga2(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.NSGAIISampler(seed=seed)


def tpe(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


SAMPLERS = {"random": random, "NSGA-II": nsga2, "TPE": tpe}

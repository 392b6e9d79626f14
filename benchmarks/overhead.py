"""What a search costs beside training: sampler, storage, MLflow, display, as a share of a trial's time.

Run: python -m benchmarks.overhead benchmarks/replay/farm.json [--trials 200 10000]
Studies of these sizes are filled with replayed trials (the table's recorded results); then so many more are asked for,
answered from the table, told, and mirrored to MLflow by the very code of a search. A share is the time of these steps
over the mean training time in the table. The MLflow mirror limits its own (`search/tracking/mirror.py`) and stands at
its limit when measuring begins; the seconds that it may take beforehand, ALLOWED_SECONDS, come once on top. What it put
off is the last column: the time that bringing MLflow up to date took when the search had ended, over all its trials'
training.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

from benchmarks.replay.table import Nearest, Table, default_space, read_table
from search.cli.guard import ended
from search.sampling.choice import with_sampler
from search.setup.budget import Budget, Limits
from search.setup.plan import Manner, Plan
from search.show.display import Display
from search.study.objectives import parse
from search.study.opening import open_study
from search.study.records import RECORD
from search.study.scores import SplitScores
from search.study.store import Store
from search.tracking.mirror import ALLOWED_SECONDS, ALLOWED_SHARE, Mirror
from search.trials.draws import TrialDraws
from sedkd.train.settings import TrainSettings

OBJECTIVES = parse("f1_segment,macs")
MEASURED = 25
MIRRORED = 200  # larger studies are not mirrored to MLflow here: filling it would take hours
NO_TASK: Any = SimpleNamespace(events=tuple("abcdef"))  # costs want to know how many there are
STEPS = ("sampler", "storage", "MLflow", "display")


class Everything(Limits):
    """Nothing is lacking: nothing is trained."""

    def lack(self, values: Mapping[str, Any]) -> str | None:
        return None


def record_of(values: dict[str, Any], table: Table, nearest: Nearest) -> dict[str, Any]:
    """A trial's record as a search would keep it, with the nearest row's result."""
    row = nearest(values)
    measures = {"f1_segment": row.full.f1, "macs": 10**row.cost, "params": 1e4, "bytes": 4e4, "latency": 0.5}
    curve = [{"step": p.step, "steps": 100, "loss": 0.1, "score": p.f1, "seconds": p.seconds} for p in row.full.curve]
    return {
        "values": OBJECTIVES.values(measures),
        "measures": measures,
        "per_class": {label: {"f1_segment": row.full.f1, "f1_event": row.full.f1} for label in "abcdef"},
        "support": dict.fromkeys("abcdef", 10),
        "post": {"thresholds": [0.5] * 6, "median_frames": [1] * 6},
        "curve": curve,
        "configuration": values,
        "control": None,
        "seed": 0,
        "seconds": row.full.seconds,
    }


def filled(store: Store, trials: int, table: Table, nearest: Nearest) -> Any:
    """A study with this many finished trials, drawn at random."""
    import optuna

    facts = {
        "environment": "farm", "scene": "a farm", "events": list("abcdef"), "data": "replayed", "synthetic": False,
        "teacher": "none", "objectives": list(OBJECTIVES.names), "train": {"steps": 100},
    }  # fmt: skip
    study = open_study(store, f"farm-{trials}", facts, OBJECTIVES)
    draws = optuna.create_study(directions=OBJECTIVES.directions, sampler=optuna.samplers.RandomSampler(seed=1))
    space, made = default_space(), []
    for _ in range(trials):
        trial = draws.ask()
        record = record_of(space.suggest(trial), table, nearest)
        made.append(
            optuna.trial.create_trial(
                values=record["values"],
                params=trial.params,
                distributions=trial.distributions,
                user_attrs={RECORD: record},
            )
        )
    study.optuna.add_trials(made)
    return study


def measured(trials: int, table: Table) -> tuple[dict[str, float], float]:
    """Mean seconds of each step of a trial in a study of this size, and those of the last catching up."""
    nearest, spent = Nearest(table, default_space()), {step: list[float]() for step in STEPS}
    with tempfile.TemporaryDirectory() as folder, Display() as display:
        store = Store(Path(folder))
        study = filled(store, trials, table, nearest)
        budget = Budget(2 * trials)  # far from the last ones, of which some are second seeds: each asks the sampler
        plan = Plan(NO_TASK, default_space(), OBJECTIVES, TrainSettings(), budget, Manner(carry=False), store)
        display.console.quiet = True
        display.introduce("replayed", study.facts, [], 0.7, trials, trials + MEASURED)
        mirror = Mirror(study, display.notice)
        mirror.begin(SplitScores({"f1_segment": 0.7}, {}))
        mirror.began = time.monotonic() - trials * mean(row.full.seconds for row in table.rows)  # as if it had searched
        mirrored = trials <= MIRRORED
        if mirrored:
            mirror.sync()  # the trials that the study was filled with
        mirror.spent = ALLOWED_SECONDS + ALLOWED_SHARE * (time.monotonic() - mirror.began)
        with store.storage.owner() as owner:
            vars(plan)["limits"] = Everything(NO_TASK, plan.base, plan.budget)  # where the plan would keep its own
            draws = TrialDraws(with_sampler(study, plan, 0), plan, owner)
            draws.next()  # what the first question imports and reads is no trial's
            for _ in range(MEASURED):
                clock = time.perf_counter()
                drawn = draws.next()
                assert drawn is not None
                trial, values = drawn.trial, drawn.values
                spent["sampler"].append(time.perf_counter() - clock)
                clock, record = time.perf_counter(), record_of(values, table, nearest)
                trial.set_user_attr(RECORD, record)
                study.optuna.tell(trial, record["values"])
                spent["storage"].append(time.perf_counter() - clock)
                clock = time.perf_counter()
                if mirrored:
                    mirror.sync()
                spent["MLflow"].append(time.perf_counter() - clock)
                mirror.began -= record["seconds"]
                clock = time.perf_counter()
                display.end(0, "replayed", study.finished(), trials)
                spent["display"].append(time.perf_counter() - clock)
        clock = time.perf_counter()
        if mirrored:
            mirror.close("FINISHED")
        rest = time.perf_counter() - clock
    return {step: mean(times) for step, times in spent.items()}, rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--trials", type=int, nargs="+", default=[200, 1000, 10_000])
    options = parser.parse_args()
    table = read_table(options.table)
    training = mean(row.full.seconds for row in table.rows)
    print(f"a training takes {training:.1f} s on average in {options.table}")
    print(f"{'trials':>7}" + "".join(f"{step + ' s':>12}" for step in STEPS) + f"{'share':>9}{'rest s':>9}{'share':>9}")
    for trials in options.trials:
        steps, rest = measured(trials, table)
        share = sum(steps.values()) / training
        print(f"{trials:>7}" + "".join(f"{steps[step]:>12.3f}" for step in STEPS)
              + f"{share:>9.2%}{rest:>9.1f}{rest / training / trials:>9.2%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(ended(main))

"""Studies whose trials nobody trained, for what reads studies."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from search.study.objectives import Objectives
from search.study.records import CONTROL, FACTS, RECORD, STOPPED
from search.study.store import Store
from search.study.view import StudyView

SPACE = {
    "student.width": optuna.distributions.IntDistribution(4, 32, step=4),
    "strategy": optuna.distributions.CategoricalDistribution(["none", "response", "hint"]),
    "train.learning_rate": optuna.distributions.FloatDistribution(0.001, 0.01, log=True),
}
DAY = datetime(2026, 1, 1)
NO_STORE = Store(Path("no such folder"))


def invented_study(
    objectives: Objectives,
    trials: int,
    stopped: int = 0,
    storage: Any = None,
    events: tuple[str, ...] = ("bell", "hum"),
    synthetic: bool = False,
    store: Store = NO_STORE,
    environment: str = "farm",
) -> StudyView:
    """`trials` finished ones, the first two of them controls, and then some that were ended early."""
    study = optuna.create_study(study_name="farm-123abc", directions=objectives.directions, storage=storage)
    study.set_user_attr(FACTS, _facts(objectives, events, synthetic) | {"environment": environment})
    rng = np.random.default_rng(0)
    study.add_trials([_trial(i, rng, objectives, events, i >= trials) for i in range(trials + stopped)])
    return StudyView(study, store)


def _facts(objectives: Objectives, events: tuple[str, ...], synthetic: bool) -> dict[str, Any]:
    return {
        "environment": "farm",
        "scene": "a yard",
        "events": list(events),
        "data": "/somewhere/recordings",
        "synthetic": synthetic,
        "teacher": "crnn",
        "objectives": list(objectives.names),
        "train": {"steps": 150},
        "space": {
            "strategy": {"kind": "choice", "default": "none", "choices": ["none", "response", "hint"], "when": None},
            "student.width": {"kind": "int", "default": 8, "low": 4, "high": 32, "step": 4, "log": False},
            "hint.weight": {"kind": "float", "default": 1, "low": 0.1, "high": 10, "step": 1, "log": True},
        },
    }


def _trial(
    number: int, rng: np.random.Generator, objectives: Objectives, events: tuple[str, ...], stopped: bool
) -> optuna.trial.FrozenTrial:
    width = int(rng.integers(1, 9)) * 4
    strategy = str(rng.choice(["none", "response", "hint"]))
    params = {"student.width": width, "strategy": strategy, "train.learning_rate": float(rng.uniform(0.001, 0.01))}
    scores = {name: float(rng.random()) for name in ("f1_segment", "f1_event", "psds1")}
    costs = {"macs": float(rng.lognormal(13, 1)), "params": 100 * width, "bytes": 400 * width, "latency": 0.5}
    control = {0: "scratch", 1: "default distillation"}.get(number)
    record = {
        "measures": costs if stopped else scores | costs,
        "per_class": {event: {"f1_segment": 0.5, "f1_event": None} for event in events},
        "curve": [{"step": 75, "loss": 1.0, "score": 0.4}, {"step": 150, "loss": 0.5, "score": 0.5}],
        "configuration": params,
        "control": control,
        "seconds": 10.0,
        **({"rung": "full@0.5", "score": 0.1} if stopped else {}),
    }
    trial = optuna.trial.create_trial(
        state=optuna.trial.TrialState.PRUNED if stopped else optuna.trial.TrialState.COMPLETE,
        values=None if stopped else objectives.values(record["measures"]),
        params=params,
        distributions=SPACE,
        user_attrs={STOPPED if stopped else RECORD: record, **({CONTROL: control} if control else {})},
    )
    trial.datetime_start = DAY + timedelta(minutes=number)
    trial.datetime_complete = trial.datetime_start + timedelta(seconds=50)
    return trial

"""Whom a search learns from beside itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna

from search.sampling.choice import learned_from
from search.setup.budget import Budget
from search.setup.plan import GAIN, TPE, Manner, Plan
from search.space.reading import space_from
from search.study.objectives import parse
from search.study.opening import open_study
from search.study.records import HOW, RECORD
from search.study.store import Store
from search.study.view import StudyView
from sedkd.train.settings import TrainSettings

OBJECTIVES = parse("f1_segment,macs")
SPACE = space_from({"dimensions": {"student.width": {"type": "int", "low": 2, "high": 16}}}, Path("space"))
NO_TASK: Any = SimpleNamespace(events=("bell",))


def study_of(store: Store, environment: str, finished: int, training: str = "today's") -> StudyView:
    facts = {
        "environment": environment, "events": ["bell"], "objectives": list(OBJECTIVES.names), "synthetic": False,
        "parts": {HOW: training},
    }  # fmt: skip
    study = open_study(store, f"{environment}-1", facts, OBJECTIVES)
    for _ in range(finished):
        record = {"values": [0.5, 3.0], "measures": {"f1_segment": 0.5, "macs": 1000.0}}
        study.optuna.add_trial(
            optuna.trial.create_trial(params={}, distributions={}, values=[0.5, 3.0], user_attrs={RECORD: record})
        )
    return study


def test_a_search_learns_from_other_environments_studies_where_its_sampler_can(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs", None, 20.0)
    farm = study_of(store, "farm", 0)
    study_of(store, "home", 1)
    study_of(store, "coast", 0)  # nothing to learn from
    study_of(store, "yard", 1, "an earlier version's")  # of students trained otherwise

    def told(**manner: Any) -> list[str]:
        return learned_from(farm, Plan(NO_TASK, SPACE, OBJECTIVES, TrainSettings(), Budget(9), Manner(**manner), store))

    assert told(sampler=GAIN) == ["home-1"]
    assert told(sampler=GAIN, carry=False) == []
    assert told(sampler=TPE) == []

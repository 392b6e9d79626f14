"""What a study begins with, once in its life, whoever begins it and however often."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from optuna.trial import TrialState, create_trial
from small_study import arguments, write_farm

from search.cli.search import parser, request_of
from search.run.others import Others
from search.setup.budget import Budget, Limits
from search.setup.plan import Manner, Plan
from search.setup.request import planned
from search.space.reading import space_from
from search.study import opening
from search.study.objectives import Objectives
from search.study.opening import open_study
from search.study.ownership import close_stale
from search.study.records import CONTROL, INFEASIBLE, OWNER, REASON
from search.study.store import Store
from search.study.view import StudyView
from search.trials.beginning import begin
from sedkd.train.settings import TrainSettings

OBJECTIVES = Objectives(("f1_segment", "macs"))
FACTS = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False, "train": {"steps": 100}}
STRATEGIES = ["none", "response", "hint", "attention", "similarity"]
SPACE = space_from(
    {
        "dimensions": {
            "strategy": {"type": "choice", "of": STRATEGIES, "default": "response"},
            "student.width": {"type": "int", "low": 2, "high": 16, "step": 2, "default": 16},
        }
    },
    Path("space"),
)
OTHERS = STRATEGIES[2:]
NO_TASK = SimpleNamespace(events=("bell",))


class Everything(Limits):
    """Nothing is trained here, so nothing lacks what its training needs."""

    def lack(self, values):
        return None


@pytest.fixture
def study(tmp_path: Path) -> StudyView:
    return open_study(Store(tmp_path / "runs"), "farm", FACTS, OBJECTIVES)


def begun(study: StudyView, trials: int, most: float = 1e9) -> list[dict]:
    """What stands in line when a search of so many trials has begun."""
    budget = Budget(trials, limits={"macs": most})
    plan = Plan(NO_TASK, SPACE, OBJECTIVES, TrainSettings(steps=100), budget, Manner(), study.store)
    vars(plan)["limits"] = Everything(NO_TASK, plan.base, budget)
    begin(study, plan)
    return [t.system_attrs["fixed_params"] for t in study.optuna.get_trials(states=(TrialState.WAITING,))]


def in_line(study: StudyView) -> list[str]:
    return [t.system_attrs["fixed_params"]["strategy"] for t in study.optuna.trials if CONTROL not in t.user_attrs]


def test_a_small_study_begins_with_its_controls_alone(study):
    begun(study, 8)
    assert in_line(study) == []
    assert [t.user_attrs[CONTROL] for t in study.optuna.trials] == [
        "scratch", "default distillation", "smallest student",
    ]  # fmt: skip


def test_controls_that_a_limit_left_out_come_when_it_is_gone(study):
    begun(study, 8, most=6e5)
    over = []
    for waiting in study.optuna.get_trials(states=(TrialState.WAITING,)):
        values = waiting.system_attrs["fixed_params"]
        asked = study.optuna.ask(SPACE.distributions())
        if values["student.width"] == 16:
            over.append(asked.user_attrs[CONTROL])
            asked.set_user_attr(INFEASIBLE, True)
            study.optuna.tell(asked, state=TrialState.PRUNED)
        else:
            study.optuna.tell(asked, [0.5, 4.0])
    assert over == ["scratch", "default distillation"]
    assert begun(study, 8, most=6e5) == []
    assert [values["student.width"] for values in begun(study, 8)] == [16, 16]
    waiting = study.optuna.get_trials(states=(TrialState.WAITING,))
    assert [trial.user_attrs[CONTROL] for trial in waiting] == over


def test_a_control_that_was_lost_and_whose_repeat_ctrl_c_ended_comes_again(study):
    begun(study, 8)
    for interrupted in (False, True):
        for _ in range(2):
            asked = study.optuna.ask(SPACE.distributions())
            asked.set_user_attr(OWNER, "a process that is gone")
        close_stale(study, interrupted)
    begun(study, 20)
    waiting = study.optuna.get_trials(states=(TrialState.WAITING,))
    names = [trial.user_attrs[CONTROL] for trial in waiting if CONTROL in trial.user_attrs]
    assert sorted(names) == ["default distillation", "scratch", "smallest student"]


def test_a_larger_one_tries_every_strategy_once_in_its_life(study):
    begun(study, 8)
    begun(study, 20)
    assert in_line(study) == OTHERS
    begun(study, 40)
    assert in_line(study) == OTHERS


def test_within_the_limits_and_of_students_that_differ(study):
    tried = [values for values in begun(study, 20, most=6e5) if values["strategy"] in OTHERS]
    assert len({values["student.width"] for values in tried}) == len(OTHERS)
    assert max(values["student.width"] for values in tried) < 16


def trial(strategy: str, state: TrialState, **attributes) -> object:
    values = {"strategy": strategy, "student.width": 4}
    return create_trial(
        state=state,
        params=values,
        distributions={name: d for name, d in SPACE.distributions().items() if name in values},
        values=[0.5, 4.0] if state == TrialState.COMPLETE else None,
        user_attrs=attributes,
    )


def test_what_was_tried_counts_and_what_was_not_trained_does_not(study):
    study.optuna.add_trial(trial("hint", TrialState.COMPLETE))
    study.optuna.add_trial(trial("attention", TrialState.FAIL, **{REASON: "KeyError: 'high'"}))
    study.optuna.add_trial(trial("similarity", TrialState.PRUNED, **{INFEASIBLE: True}))
    begun(study, 20)
    waiting = study.optuna.get_trials(states=(TrialState.WAITING,))
    assert [t.system_attrs["fixed_params"]["strategy"] for t in waiting if CONTROL not in t.user_attrs] == [
        "similarity"
    ]


def test_of_two_searches_that_begin_at_once_one_puts_the_controls_in_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_farm(tmp_path)
    ready = planned(request_of(parser().parse_args(arguments(root, 3))), lambda *_: None)
    views = [open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives) for _ in range(2)]
    found = opening.done_or_begun

    def slowly(study: StudyView) -> list:
        there = found(study)
        time.sleep(0.3)
        return there

    monkeypatch.setattr(opening, "done_or_begun", slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda view: begin(view, ready.plan), views))
    controls = [t.user_attrs[CONTROL] for t in views[0].optuna.get_trials() if CONTROL in t.user_attrs]
    assert len(controls) == len(set(controls)) > 1


def test_what_becomes_of_a_lost_trial_is_said(tmp_path: Path) -> None:
    root, said = write_farm(tmp_path), list[str]()
    ready = planned(request_of(parser().parse_args(arguments(root, 3))), lambda *_: None)
    study = open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives)
    for _ in range(2):
        trial = study.optuna.ask()
        trial.set_user_attr(OWNER, "gone")
        trial.suggest_int("student.width", 2, 8)
        Others(study, said.append).close_lost()
    assert said == ["a worker is gone; trial 0 is tried once more", "a worker is gone; trial 1 is given up"]

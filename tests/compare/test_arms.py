"""The arms differ in what is compared, and in nothing else."""

from dataclasses import replace

import pytest

from sedkd.compare.arms import AWARE, FOREIGN, GENERIC, LABELLED, OTHER_HALF, SCRATCH, Plan, arms
from sedkd.models.student import StudentSettings
from sedkd.train.settings import TrainSettings

PLAN = Plan(StudentSettings(8, 2), TrainSettings(steps=7), "response", {"response": {"temperature": 3.0}}, 3, True)


def by_name(plan: Plan) -> dict:
    return {arm.name: arm for arm in arms(plan)}


def test_the_arms_of_the_claim() -> None:
    found = by_name(PLAN)
    assert list(found) == [SCRATCH, GENERIC, AWARE, LABELLED]
    assert found[SCRATCH].configuration.strategy == "none"
    assert found[SCRATCH].unlabelled == found[LABELLED].unlabelled == "none"
    generic, aware = found[GENERIC].configuration, found[AWARE].configuration
    assert (generic.teacher.targets, generic.teacher.adaptation) == ("all", "general")
    assert (aware.teacher.targets, aware.teacher.adaptation) == ("own", "adapted")
    # Of three environments each fills a third of the generic arm's batches, this one with labels in half of it.
    assert generic.train.unlabeled_share == pytest.approx(OTHER_HALF / 3)
    assert generic.train.foreign_share == pytest.approx(2 / 3)
    assert (aware.train.unlabeled_share, aware.train.foreign_share) == (OTHER_HALF - FOREIGN, FOREIGN)


@pytest.mark.parametrize("ablate", [False, True])
@pytest.mark.parametrize(("environments", "unlabeled"), [(3, True), (3, False), (1, True), (1, False)])
def test_fair_by_construction(ablate: bool, environments: int, unlabeled: bool) -> None:
    found = arms(replace(PLAN, ablate=ablate, environments=environments, unlabeled=unlabeled))
    assert len({arm.name for arm in found}) == len(found)
    assert len({repr(arm.configuration) for arm in found}) == len(found) or not unlabeled
    for arm in found:
        configuration = arm.configuration
        assert configuration.student == PLAN.student
        assert configuration.initialisation == "random"
        same = replace(configuration.train, unlabeled_share=0.0, foreign_share=0.0)
        assert same == PLAN.train
        if configuration.strategy != "none":
            assert configuration.parameters == {"response": {"temperature": 3.0}}


def test_what_the_data_lack_is_left_out() -> None:
    alone = by_name(replace(PLAN, environments=1))
    assert GENERIC not in alone
    assert alone[AWARE].configuration.train.foreign_share == 0
    dry = by_name(replace(PLAN, unlabeled=False))
    assert LABELLED not in dry
    assert dry[AWARE].configuration.train.unlabeled_share == 0
    assert dry[GENERIC].configuration.train.foreign_share == pytest.approx(2 / 3)


def test_each_ablation_switches_one_part_off() -> None:
    found = by_name(replace(PLAN, ablate=True))
    aware = found[AWARE].configuration
    assert found["aware, general teacher"].configuration == replace(
        aware, teacher=replace(aware.teacher, adaptation="general")
    )
    assert found["aware, all events"].configuration == replace(aware, teacher=replace(aware.teacher, targets="all"))
    assert all(arm.configuration.strategy == "response" for name, arm in found.items() if name.startswith("aware"))


def test_parameters_of_other_strategies_are_not_handed_on() -> None:
    found = by_name(
        replace(PLAN, strategy="hint", parameters={"response": {"temperature": 3.0}, "hint": {"weight": 2.0}})
    )
    assert found[AWARE].configuration.parameters == {"hint": {"weight": 2.0}}

"""The arms differ in what is compared, and in nothing else."""

from dataclasses import replace

import pytest

from sedkd.compare.arms import AWARE, EVERY, FOREIGN, GENERIC, LABELLED, OTHER_HALF, SCRATCH, ArmSettings, arms
from sedkd.compare.tries import MIXTURES, RATES, TRIES, recipe_words
from sedkd.models.settings import StudentSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration

PLAN = ArmSettings(
    StudentSettings(8, 2), TrainSettings(steps=7), "response", {"response": {"temperature": 3.0}}, 3, True
)


def by_name(plan: ArmSettings) -> dict[str, tuple[Configuration, ...]]:
    return {arm.name: arm.tries for arm in arms(plan)}


def recipes(tries: tuple[Configuration, ...]) -> list[str]:
    """In words, in the order in which they are tried."""
    return list(dict.fromkeys(map(recipe_words, tries)))


def test_the_arms_of_the_claim() -> None:
    found = by_name(PLAN)
    assert list(found) == [SCRATCH, GENERIC, AWARE, LABELLED]
    assert recipes(found[SCRATCH]) == ["labelled clips only"]
    assert {one.strategy for one in found[SCRATCH]} == {"none"}
    # Of three environments each fills a third of the generic arm's batches, this one with labels in half of it.
    third = "16.7 % own unlabelled, 66.7 % from elsewhere"
    assert recipes(found[GENERIC]) == [f"all the teacher's events, general teacher, {third}"]
    assert found[GENERIC][0].train.unlabeled_share == pytest.approx(OTHER_HALF / 3)
    assert recipes(found[AWARE]) == [
        "own events, general teacher, 50 % own unlabelled",
        f"own events, general teacher, {third}",
        f"all the teacher's events, general teacher, {third}",
        "own events, adapted teacher, 37.5 % own unlabelled, 12.5 % from elsewhere",
    ]
    assert all(words.endswith("teacher, labelled clips only") for words in recipes(found[LABELLED]))


@pytest.mark.parametrize("ablate", [False, True])
@pytest.mark.parametrize("narrowed", [False, True])
@pytest.mark.parametrize("adaptable", [False, True])
@pytest.mark.parametrize("more_labels", [False, True])
@pytest.mark.parametrize(("environments", "unlabeled"), [(3, True), (3, False), (1, True), (1, False)])
@pytest.mark.parametrize("strategy", ["response", "mean_teacher"])
def test_fair_by_construction(
    strategy: str, environments: int, unlabeled: bool, more_labels: bool, adaptable: bool, narrowed: bool, ablate: bool
) -> None:
    plan = replace(PLAN, strategy=strategy, environments=environments, unlabeled=unlabeled, ablate=ablate)
    plan = replace(plan, more_labels=more_labels or narrowed, adaptable=adaptable, narrowed=narrowed)
    found = by_name(plan)
    assert len(found) == len(arms(plan))
    assert len({repr(tries) for tries in found.values()}) == len(found) or not unlabeled
    for name, tries in found.items():
        assert len({repr(one) for one in tries}) == len(tries) == TRIES, name
        rates = [one.train.learning_rate for one in tries]
        assert all(rates.count(rate) == rates.count(rates[0]) for rate in rates), name
        mixtures = [one.train.mixture for one in tries]
        assert [mixtures.count(mixture) for mixture in MIXTURES] == [TRIES / 2, TRIES / 2], name
        words = list(map(recipe_words, tries))
        assert len({words.count(one) for one in words}) == 1, name
        for one in tries:
            assert one.student == PLAN.student
            assert one.initialisation == "random"
            same = replace(one.train, unlabeled_share=0.0, foreign_share=0.0, learning_rate=2e-3, mixture=0.0)
            assert same == PLAN.train
            assert one.strategy == ("none" if name == SCRATCH else strategy)


def test_one_recipe_is_tried_at_every_rate_with_and_without_mixtures() -> None:
    tried = {(one.train.learning_rate, one.train.mixture) for one in by_name(PLAN)[SCRATCH]}
    assert tried == {(rate, mixture) for rate in RATES for mixture in MIXTURES}


def test_what_the_data_lack_is_left_out() -> None:
    alone = by_name(replace(PLAN, environments=1))
    assert GENERIC not in alone
    assert {one.train.foreign_share for one in alone[AWARE]} == {0.0}
    dry = by_name(replace(PLAN, unlabeled=False))
    assert LABELLED not in dry
    assert {one.train.unlabeled_share for one in dry[AWARE]} == {0.0}
    assert dry[GENERIC][0].train.foreign_share == pytest.approx(2 / 3)
    assert not any("adapted" in words for words in recipes(by_name(replace(PLAN, adaptable=False))[AWARE]))


def test_where_all_rooms_have_the_same_events_another_recipe_takes_the_place() -> None:
    found = by_name(replace(PLAN, more_labels=False))
    assert not any("all the teacher's" in words for tries in found.values() for words in recipes(tries))
    assert "own events, general teacher, labelled clips only" in recipes(found[AWARE])
    # The generic arm's tries are then among those of the aware arm: such students are trained once.
    assert len(recipes(found[AWARE])) == 4
    assert [one for one in found[AWARE] if one in found[GENERIC]]


def test_a_student_of_all_events_where_fewer_are_listened_for() -> None:
    found = by_name(replace(PLAN, narrowed=True))
    assert list(found) == [SCRATCH, GENERIC, AWARE, LABELLED, EVERY]
    assert {one.teacher.targets for one in found[AWARE]} == {"own"}
    assert {one.teacher.targets for one in found[EVERY]} == {"environment"}
    widened = [replace(one, teacher=replace(one.teacher, targets="environment")) for one in found[AWARE]]
    assert tuple(widened) == found[EVERY]
    assert EVERY not in by_name(replace(PLAN, narrowed=True, strategy="mean_teacher"))


def test_each_ablation_switches_one_part_off() -> None:
    found = by_name(replace(PLAN, ablate=True))
    assert {one.teacher.adaptation for one in found["aware, general teacher"]} == {"general"}
    assert {one.teacher.targets for one in found["aware, all the teacher's events"]} == {"all"}
    assert {one.train.unlabeled_share for one in found["aware, without own unlabelled clips"]} == {0.0}
    assert {one.train.foreign_share for one in found["aware, nothing from elsewhere"]} == {0.0}
    assert FOREIGN in {one.train.foreign_share for one in found["aware, without own unlabelled clips"]}


def test_parameters_of_other_strategies_are_not_handed_on() -> None:
    parameters = {"response": {"temperature": 3.0}, "hint": {"weight": 2.0}}
    found = by_name(replace(PLAN, strategy="hint", parameters=parameters))
    assert found[AWARE][0].parameters == {"hint": {"weight": 2.0}}

"""How much of a front is luck."""

import numpy as np
import pytest
from invented_study import invented_study
from invented_trials import OBJECTIVES, trial, with_second_seed

from search.pareto.front import front
from search.pareto.luck import FEWEST_TRIALS, luck_words, on_one_seed, optimism, seeds_words
from search.study.objectives import parse
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord


def test_one_alone_is_no_luck():
    assert optimism(trial(0, 0.5, 1e5), [trial(0, 0.5, 1e5)], OBJECTIVES) == pytest.approx(0.0, abs=0.002)


def test_the_best_of_many_alike_is_their_expected_maximum():  # 2.508 deviations of 100
    members = [trial(i, 0.5, 1e5) for i in range(100)]
    assert optimism(members[0], members, OBJECTIVES, 0.02) == pytest.approx(2.508 * 0.02, abs=0.002)


def test_one_that_stands_out_is_none():
    members = [trial(0, 0.9, 1e5), *(trial(i, 0.5, 1e5) for i in range(1, 50))]
    assert optimism(members[0], members, OBJECTIVES, 0.02) == pytest.approx(0.0, abs=0.002)


def test_the_dearer_ones_are_rivals_of_the_best_too():
    """It is their best by being the best of all, also where it is the cheapest."""
    members = [trial(0, 0.52, 1e4), *(trial(i, 0.519, 1e6) for i in range(1, 40))]
    assert optimism(members[0], members, OBJECTIVES, 0.02) > 0.03


@pytest.mark.parametrize("dearest", [1e5, 1e7])
def test_it_tells_what_fresh_seeds_would(dearest):
    """Simulated: true qualities, a noisy score each, the best chosen; told beside what its luck really was."""
    rng, told, real = np.random.default_rng(1), [], []
    for _ in range(40):
        truth = rng.normal(0.6, 0.05, 30)
        scores = truth + rng.normal(0, 0.02, 30)
        members = [
            trial(i, score, cost)
            for i, (score, cost) in enumerate(zip(scores, np.geomspace(1e5, dearest, 30), strict=True))
        ]
        best = int(scores.argmax())
        told.append(optimism(members[best], members, OBJECTIVES, 0.02))
        real.append(scores[best] - truth[best])
    assert np.mean(told) == pytest.approx(np.mean(real), abs=0.006)


def test_a_second_seed_leaves_less_of_it():
    """Simulated as the search does it: whoever is the best is trained again, until the best has two seeds."""
    rng, told, real, of_one = np.random.default_rng(2), [], [], []
    for _ in range(60):
        truth = rng.normal(0.6, 0.03, 30)
        members = [trial(i, score, 1e5) for i, score in enumerate(truth + rng.normal(0, 0.02, 30))]
        of_one.append(optimism(max(members, key=lambda m: m.values), members, OBJECTIVES, 0.02))
        while (best := max(members, key=lambda m: m.values)).seeds == 1:
            members[best.number] = with_second_seed(best, truth[best.number] + rng.normal(0, 0.02))
        told.append(optimism(best, members, OBJECTIVES, 0.02))
        real.append(best.measure("f1_segment") - truth[best.number])
    assert np.mean(told) == pytest.approx(np.mean(real), abs=0.005)
    assert np.mean(told) < 0.8 * np.mean(of_one)


def test_the_front_is_trained_again_late_the_best_first():
    study = invented_study(OBJECTIVES, 40)
    best, *_ = sorted(front(study.finished(), OBJECTIVES), key=lambda m: -m.measure("f1_segment"))
    assert on_one_seed(study, FEWEST_TRIALS) == best
    assert on_one_seed(study, 45) is None  # too few in all
    assert on_one_seed(study, 100) is None  # too early


def test_in_words():
    members = [trial(i, 0.5 + 0.001 * i, 1e5) for i in range(20)]
    words = luck_words(members, OBJECTIVES)
    assert words.startswith("one seed each: if scores differ by 0.02 from seed to seed, about 0.0")
    assert "of the 20 students' best, 0.519, is luck" in words
    assert seeds_words(members) == ""
    members[19] = with_second_seed(members[19], 0.521)
    words = luck_words(members, OBJECTIVES)
    assert words.startswith("with a second seed for the best: if scores differ")
    assert "of the 20 students' best, 0.520, is luck" in words
    assert seeds_words(members).startswith("validation scores of trial 19 are means of two seeds")


def test_the_best_counts_where_it_was_trained_on_to_less() -> None:
    """Its latency is measured anew each time: nobody else may be as quick."""
    objectives = parse("f1_segment,latency")

    def trial(number: int, quality: float, latency: float, steps: int, continues: int | None = None) -> FinishedTrial:
        measures = {"f1_segment": quality, "latency": latency, "macs": 1e5}
        curve = [{"step": steps, "steps": steps, "loss": 0.1, "score": quality, "seconds": 1.0}]
        record = FinishedRecord(measures=measures, curve=curve, continues=continues, seconds=1.0)
        return FinishedTrial(number, tuple(objectives.values(measures)), record)

    found = [trial(0, 0.6, 0.5, 150), trial(1, 0.58, 0.52, 600, 0), trial(2, 0.4, 0.9, 150)]
    assert "2 students' best, 0.600, is luck" in luck_words(found, objectives)

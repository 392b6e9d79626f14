"""How much of a front is luck."""

import numpy as np
import pytest
from invented_trials import OBJECTIVES, trial

from search.pareto.optimism import luck_words, optimism


def test_one_alone_is_no_luck():
    assert optimism(trial(0, 0.5, 1e5), [trial(0, 0.5, 1e5)], OBJECTIVES) == pytest.approx(0.0, abs=0.002)


def test_the_best_of_many_alike_is_their_expected_maximum():  # 2.508 deviations of 100
    members = [trial(i, 0.5, 1e5) for i in range(100)]
    assert optimism(members[0], members, OBJECTIVES, 0.02) == pytest.approx(2.508 * 0.02, abs=0.002)


def test_one_that_stands_out_is_none():
    members = [trial(0, 0.9, 1e5), *(trial(i, 0.5, 1e5) for i in range(1, 50))]
    assert optimism(members[0], members, OBJECTIVES, 0.02) == pytest.approx(0.0, abs=0.002)


def test_only_those_that_cost_no_more_are_rivals():
    members = [trial(0, 0.5, 1e4), trial(1, 0.52, 1e6), *(trial(i, 0.519, 1e6) for i in range(2, 40))]
    found = [optimism(member, members, OBJECTIVES, 0.02) for member in members[:2]]
    assert found[0] == pytest.approx(0.0, abs=0.002)
    assert found[1] > 0.03


def test_it_tells_what_fresh_seeds_would():
    """Simulated: true qualities, a noisy score each, the best chosen; told beside what its luck really was."""
    rng, told, real = np.random.default_rng(1), [], []
    for _ in range(40):
        truth = rng.normal(0.6, 0.05, 30)
        scores = truth + rng.normal(0, 0.02, 30)
        members = [trial(i, score, 1e5) for i, score in enumerate(scores)]
        best = int(scores.argmax())
        told.append(optimism(members[best], members, OBJECTIVES, 0.02))
        real.append(scores[best] - truth[best])
    assert np.mean(told) == pytest.approx(np.mean(real), abs=0.006)


def test_in_words():
    members = [trial(i, 0.5 + 0.001 * i, 1e5) for i in range(20)]
    words = luck_words(members, OBJECTIVES)
    assert words.startswith("one seed each: if scores differ by 0.02 from seed to seed, about 0.0")
    assert "of the 20 students' best, 0.519, is luck" in words

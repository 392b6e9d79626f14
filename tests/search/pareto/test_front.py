"""Ranks, knee, hypervolume and picks on fronts worked out by hand."""

import math

import numpy as np
import optuna
import pytest

from search.pareto.front import front, hypervolume, ranks, spread
from search.pareto.gain import Gain
from search.pareto.picks import knee, pick, picks_of
from search.study.objectives import Objectives, parse
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord
from sedkd.errors import UserError

F1_MACS = Objectives(("f1_segment", "macs"))
THREE = Objectives(("f1_segment", "psds1", "macs"))
MIXED = Objectives(("macs", "f1_segment", "bytes"))


def member(number, f1, macs):
    return FinishedTrial(number, (f1, math.log10(macs)), FinishedRecord(measures={"f1_segment": f1, "macs": macs}))


FRONT = [member(0, 0.30, 1e5), member(1, 0.60, 1e6), member(2, 0.66, 1e7), member(3, 0.59, 2e6), member(4, 0.30, 1e5)]


def test_front_is_without_dominated_and_without_doubles():
    assert [m.number for m in front(FRONT, F1_MACS)] == [0, 1, 2]
    assert ranks([m.values for m in FRONT], F1_MACS) == [1, 1, 1, 2, 2]


def test_ranks_agree_with_optunas_front():
    rng = np.random.default_rng(0)
    points = rng.random((60, 2)).round(1).tolist()  # rounded: many doubles
    study = optuna.create_study(directions=F1_MACS.directions)
    for values in points:
        study.add_trial(optuna.trial.create_trial(values=values))
    own = {tuple(p) for p, rank in zip(points, ranks(points, F1_MACS), strict=True) if rank == 1}
    assert own == {tuple(t.values) for t in study.best_trials}
    numbers = [i for i, rank in enumerate(ranks(points, F1_MACS)) if rank == 1]
    assert len(numbers) == len(own)


def ranks_by_definition(points, objectives):
    """Front after front: whoever nothing that is left dominates. Of equal points the earlier dominates the later."""
    losses = np.array(points) * [(-1.0 if d == "maximize" else 1.0) for d in objectives.directions]

    def dominates(i, j):
        return (losses[i] <= losses[j]).all() and ((losses[i] != losses[j]).any() or i < j)

    result, rank, left = {}, 0, set(range(len(losses)))
    while left:
        rank += 1
        free = {j for j in left if not any(dominates(i, j) for i in left)}
        result.update(dict.fromkeys(free, rank))
        left -= free
    return [result[i] for i in range(len(losses))]


@pytest.mark.parametrize("objectives", [F1_MACS, THREE, MIXED])
def test_ranks_follow_their_definition(objectives):
    rng = np.random.default_rng(1)
    for digits in (0, 1, 1, 2, 9) * 6:  # the fewer the digits, the more doubles and ties
        points = rng.random((rng.integers(1, 40), len(objectives.names))).round(digits).tolist()
        assert ranks(points, objectives) == ranks_by_definition(points, objectives)
    assert ranks([], objectives) == []


@pytest.mark.parametrize("objectives", [F1_MACS, THREE])
def test_ten_thousand_points(objectives):
    """As many as one by one, each against all others, would take minutes for."""
    losses = np.random.default_rng(2).random((10_000, len(objectives.names)))
    signs = [(-1.0 if d == "maximize" else 1.0) for d in objectives.directions]
    found = np.array(ranks((losses * signs).tolist(), objectives))
    first, second = losses[found == 1], losses[found == 2]

    def dominated(point, others):
        return bool(((others <= point).all(1) & (others < point).any(1)).any())

    assert not any(dominated(point, losses) for point in first)
    assert all(dominated(point, first) for point in second)
    assert ranks(np.ones_like(losses).tolist(), objectives) == list(range(1, 10_001))


@pytest.mark.parametrize("objectives", [F1_MACS, THREE, MIXED])
def test_hypervolume_after_each_trial(objectives):
    points = 10 * np.random.default_rng(3).random((40, len(objectives.names))).round(1)  # some beyond the reference
    members = [FinishedTrial(i, tuple(values), FinishedRecord()) for i, values in enumerate(points)]
    reference = objectives.reference
    expected = [hypervolume(members[: i + 1], objectives, reference) for i in range(len(members))]
    assert Gain(objectives).look(members).volumes == pytest.approx(expected)


def test_knee_is_farthest_above_the_line():
    assert knee(front(FRONT, F1_MACS), F1_MACS).number == 1


def test_knee_of_a_short_or_straight_front_is_the_best():
    assert knee([FRONT[0], FRONT[2]], F1_MACS).number == 2
    straight = [member(0, 0.2, 1e5), member(1, 0.4, 1e6), member(2, 0.6, 1e7)]
    assert knee(straight, F1_MACS).number == 2


def test_hypervolume_by_hand():
    # Reference F1 0, log10 MACs 9: columns 0.3 * (6 - 5), 0.6 * (7 - 6), 0.66 * (9 - 7).
    assert hypervolume(FRONT, F1_MACS, [0.0, 9.0]) == pytest.approx(0.3 * 1 + 0.6 * 1 + 0.66 * 2)
    assert hypervolume([], F1_MACS, [0.0, 9.0]) == 0


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("best", 2),
        ("smallest", 0),
        ("knee", 1),
        ("trial:3", 3),
        ("within 10%", 1),
        ("within 1%", 2),
        ("within 0.5 %", 2),
    ],
)
def test_picks(word, number):
    assert pick(word, front(FRONT, F1_MACS), FRONT, F1_MACS).number == number


@pytest.mark.parametrize("word", ["trial:9", "trial:x", "bset", "within one percent", "within 101%"])
def test_a_pick_that_is_none_is_one_line(word):
    with pytest.raises(UserError, match="--pick"):
        pick(word, front(FRONT, F1_MACS), FRONT, F1_MACS)


def test_named_picks_and_spread():
    on_front = front(FRONT, F1_MACS)
    assert picks_of(on_front, F1_MACS) == {1: ["knee"], 2: ["best"], 0: ["smallest"]}
    assert spread(on_front, F1_MACS) == pytest.approx(0.36)


def test_objectives_are_checked():
    assert parse("f1_event, params").criterion == "f1_event"
    assert parse("f1_segment,psds1,latency").directions == ["maximize", "maximize", "minimize"]
    for text, message in [
        ("f1,macs", "no objective 'f1'"),
        ("f1_segment", "two or three"),
        ("f1_segment,f1_event", "one cost"),
        ("macs,params", "one quality"),
        ("macs,macs", "two or three"),
    ]:
        with pytest.raises(UserError, match=message):
            parse(text)

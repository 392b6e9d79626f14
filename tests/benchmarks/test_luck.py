"""Second seeds, replayed: what they cost is paid, what they tell is believed, and without luck nothing flatters."""

import pytest

from benchmarks.replay.ledger import OBJECTIVES
from benchmarks.replay.luck import Run, Way, area
from benchmarks.replay.made_up import made_up
from benchmarks.replay.table import default_space, table_from

SPACE = default_space()
END = OBJECTIVES.reference[1]


@pytest.fixture(scope="module")
def table():
    return table_from(made_up(SPACE, 24), "made up")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr("benchmarks.replay.luck.MOST_DRAWS", 20)


def test_an_area_is_of_what_one_picks_by_belief():
    cheap, lucky, dear = (0.5, END - 3, 0.4), (0.9, END - 2, 0.2), (0.8, END - 1, 0.7)
    assert area([dear, lucky, cheap]) == pytest.approx((0.4 + 2 * 0.2, 0.5 + 2 * 0.9))  # the dear one is never picked
    assert area([cheap, dear]) == pytest.approx((2 * 0.4 + 0.7, 2 * 0.5 + 0.8))
    assert area([(0.9, END + 1, 0.9)]) == area([]) == (0, 0)


def test_without_luck_a_front_is_what_it_seems(table):
    run = Run(table, SPACE, Way("plain"), 0.0, 0).replay()
    worth, believed = run.after(1.0)
    assert worth == pytest.approx(believed)
    assert all(len(scores) == 1 for scores in run.scores.values())


def test_who_stands_on_the_front_has_as_many_seeds_as_was_said(table):
    run = Run(table, SPACE, Way("three", stopping=False, trainings=3), 0.05, 0).replay()
    assert run.seconds < table.budget
    assert all(len(run.scores[row]) == 3 for row in run._front())
    paid = sum(len(scores) * table.rows[row].full.seconds for row, scores in run.scores.items())
    assert run.seconds == pytest.approx(paid)
    for row, scores in run.scores.items():
        luck = [score - table.rows[row].full.f1 for score in scores]
        assert luck == pytest.approx(run.luck[row, : len(luck)])

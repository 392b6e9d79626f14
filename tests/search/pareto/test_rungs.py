"""Which students are trained on: one in four of a rung, by what they may add to the front; at the end the front's."""

from pathlib import Path

import pytest
from invented_trials import OBJECTIVES, trial
from small_study import arguments, write_farm

from search.cli.search import parser, request_of
from search.pareto.rungs import UNKNOWN, Growth, Promotion, rungs_of, students
from search.setup.request import planned
from search.study.records import FinishedTrial

RUNGS = (150, 600, 2400)


def chosen(members: list[FinishedTrial], taken: set[int] = frozenset(), all_begun: bool = False) -> int | None:
    found = Promotion(OBJECTIVES, RUNGS).next(members, taken, all_begun)
    return found.number if found else None


@pytest.mark.parametrize(
    ("steps", "rungs"),
    [(150, (150,)), (599, (599,)), (600, (150, 600)), (1000, (250, 1000)), (2400, RUNGS), (1, (1,))],
)
def test_rungs_of_so_many_steps(steps, rungs):
    assert rungs_of(steps) == rungs


def test_a_quarter_goes_on_and_no_more():
    members = [trial(i, 0.3 + 0.01 * i, 1e5) for i in range(3)]
    assert chosen(members) is None
    members.append(trial(3, 0.2, 1e5))
    assert chosen(members) == 2  # the best of four at equal cost
    assert chosen(members, taken={2}) is None
    members.append(trial(4, 0.5, 1e5, 600, continues=2))
    assert chosen(members) is None
    members += [trial(i, 0.31, 1e5) for i in range(5, 9)]
    assert chosen(members) == 1
    assert chosen(members, taken={1}) is None


def test_a_cheap_one_goes_on_where_it_adds_more_to_the_front():
    members = [trial(0, 0.60, 1e6), trial(1, 0.61, 1e6), trial(2, 0.59, 1e6), trial(3, 0.45, 4e4)]
    assert chosen(members) == 3  # 1 is hardly better than 0, which costs the same; nothing is as cheap as 3


def test_the_quicker_of_two_alike():
    members = [trial(i, 0.3, 1e5 * (1 + 1e-6 * i), seconds=10 if i == 2 else 30) for i in range(4)]
    assert chosen(members) == 2


def test_higher_rungs_come_first():
    members = [trial(i, 0.3 + 0.001 * i, 1e5) for i in range(16)]
    members += [trial(20 + i, 0.4 + 0.01 * i, 1e5, 600, continues=12 + i) for i in range(4)]
    assert chosen(members) == 23
    assert chosen(members, taken={23}) is None
    assert chosen(members, taken={23}, all_begun=True) is None  # the others are dominated by it


def test_at_the_end_all_that_the_front_may_be_made_of():
    members = [trial(0, 0.3, 4e4), trial(1, 0.5, 1e6), trial(2, 0.4, 2e6)]
    assert chosen(members) is None
    order: list[int | None] = []
    while (number := chosen(members, all_begun=True)) is not None:
        order.append(number)
        before = next(m for m in members if m.number == number)
        steps = 600 if before.record.steps == 150 else 2400
        quality, macs = before.measure("f1_segment") + 0.05, before.measure("macs")
        members.append(trial(10 * steps + number, quality, macs, steps, continues=number))
    assert sorted(order)[:2] == [0, 1]  # and 2, which costs more and does worse, is left alone
    assert {(m.record.steps, m.measure("macs")) for m in students(members)} == {(2400, 4e4), (2400, 1e6), (150, 2e6)}


def test_a_student_is_its_last_trial():
    members = [trial(0, 0.3, 1e5), trial(1, 0.4, 1e5), trial(2, 0.5, 1e5, 600, continues=0)]
    assert [m.number for m in students(members)] == [1, 2]


def test_what_is_foretold_is_what_others_gained():
    first = [trial(0, 0.3, 1e5), trial(1, 0.4, 1e5)]
    alone = Growth([first], RUNGS, "f1_segment")
    assert alone.foretold(first[0])[0] == pytest.approx(0.3)
    assert alone.foretold(first[0])[1] == pytest.approx((2 * UNKNOWN**2 + 0.02**2) ** 0.5)
    later = [*first, trial(2, 0.5, 1e5, 600, continues=0), trial(3, 0.5, 1e5, 600, continues=1)]
    growth = Growth([later], RUNGS, "f1_segment")
    assert growth.foretold(trial(9, 0.2, 1e5))[0] == pytest.approx(0.35)
    assert growth.foretold(later[2]) == pytest.approx((0.5, (UNKNOWN**2 + 0.02**2) ** 0.5))
    assert growth.foretold(trial(9, 0.2, 1e5, 2400)) == pytest.approx((0.2, 0.02))
    past = Growth([[trial(0, 0.7, 1e5)], later], RUNGS, "f1_segment")  # of another study
    assert past.foretold(trial(9, 0.2, 1e5))[0] == pytest.approx(0.35)


def test_a_gain_over_two_rungs_is_none_over_one() -> None:
    """As `--no-early-stopping` trains on, from the first rung straight to the last."""
    members = [trial(0, 0.4, 1e5), trial(1, 0.7, 1e5, 2400, 0), trial(2, 0.5, 1e5, 600), trial(3, 0.6, 1e5, 2400, 2)]
    growth = Growth([members], (150, 600, 2400), "f1_segment")
    assert growth.foretold(trial(9, 0.4, 1e5))[0] == pytest.approx(0.5)
    assert growth.foretold(trial(9, 0.4, 1e5, 600))[0] == pytest.approx(0.5)


def test_a_space_that_draws_the_steps_has_no_rungs(tmp_path: Path) -> None:
    """Each student has its own: it had been trained on to its own steps without end."""
    root, space = write_farm(tmp_path), tmp_path / "space.yaml"
    words = [*arguments(root, 1), "--steps", "600"]
    assert request_of(parser().parse_args(words)) is not None

    def rungs() -> tuple[int, ...]:
        return planned(request_of(parser().parse_args(words)), lambda *_: None).plan.rungs

    assert rungs() == (150, 600)
    space.write_text(f"{space.read_text()}\n  train.steps: {{type: int, low: 150, high: 600, default: 300}}\n")
    assert rungs() == (600,)

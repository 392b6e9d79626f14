"""Luck from seed to seed, of two tables whose luck is known."""

from math import sqrt

import pytest

from benchmarks.replay.ledger import OBJECTIVES
from benchmarks.replay.rung_table import Rung, RungTable, _whole
from benchmarks.replay.seeds import luck_of
from benchmarks.replay.table import Row
from sedkd.errors import UserError

LAST = OBJECTIVES.reference[1]


def table(scores: dict[str, tuple[float, float]], costs: dict[str, float]) -> RungTable:
    """Scores by name at 150 and at 600 steps."""
    ladder = {
        number: (Rung(150, scores[name][0], 1.0, 0), Rung(600, scores[name][1], 3.0, 150))
        for number, name in enumerate(scores)
    }
    rows = [Row(n, {"name": name}, costs[name], _whole(ladder[n][-1])) for n, name in enumerate(scores)]
    return RungTable({}, tuple(rows), ladder)


def test_a_front_is_worth_what_the_other_seed_says_of_it() -> None:
    costs = {"small": LAST - 2, "large": LAST - 1, "alone": LAST - 1}
    one = table({"small": (0.4, 0.5), "large": (0.6, 0.7), "alone": (0.9, 0.9)}, costs)
    other = table({"large": (0.5, 0.4), "small": (0.4, 0.6)}, costs)
    first, last = luck_of(one, other)
    assert (first.steps, last.steps) == (150, 600)
    # by one: 0.4 for a decade and 0.6 for the next, of which the other seed says 0.4 and 0.5; and the other way round
    assert first.believed == pytest.approx((1.0 + 0.9) / 2)
    assert first.worth == pytest.approx((0.9 + 1.0) / 2)
    # by one seed 0.5 and 0.7, which are 0.6 and 0.4 by the other; by the other the small one alone, 0.6, worth 0.5
    assert last.believed == pytest.approx((1.2 + 1.2) / 2)
    assert last.worth == pytest.approx((1.0 + 1.0) / 2)
    assert first.deviation == pytest.approx(0.05 / sqrt(2))  # they differ by 0 and 0.1
    assert last.deviation == pytest.approx(0.2 / sqrt(2))  # by -0.1 and 0.3
    assert (first.ranks, last.ranks) == (pytest.approx(1), pytest.approx(-1))


def test_tables_that_have_nothing_in_common() -> None:
    one = table({"small": (0.4, 0.5)}, {"small": LAST - 2})
    with pytest.raises(UserError, match="no configuration is in both"):
        luck_of(one, table({"large": (0.4, 0.5)}, {"large": LAST - 1}))
    longer = RungTable({}, one.rows, {0: (*one.ladder[0], Rung(2400, 0.6, 9.0, 600))})
    with pytest.raises(UserError, match=r"different rungs: \[150, 600\] and \[150, 600, 2400\]"):
        luck_of(one, longer)

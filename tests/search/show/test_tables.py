"""The front's second table: what students take of a device, where somebody asked for students for devices."""

from dataclasses import replace

import pytest
from invented_study import invented_study
from rich.console import Console
from rich.table import Table

from search.show.display import Display
from search.show.tables import CSV_HAS_ALL, KEPT, LEAST, front_rows, front_table, placed_table
from search.show.words import features_words
from search.study.eight_bits import EightBits
from search.study.objectives import parse
from search.study.records import FinishedTrial

F1_MACS = parse("f1_segment,macs")


def members(**measures: float) -> list[FinishedTrial]:
    found = invented_study(F1_MACS, 4).finished()
    return [replace(m, record=replace(m.record, measures={**m.record.measures, **measures})) for m in found]


def text_of(table: Table | None) -> str:
    assert table is not None
    console = Console(width=120, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


@pytest.mark.parametrize("width", [120, 80, 60, 40, 30])
def test_the_front_in_a_narrow_terminal(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    """No letter of a trial, its student or strategy is lost, and a column that is not there is said."""
    plan = {"student.block": "separable", "student.head": "gru", "student.width": 16, "strategy": "response"}
    plan["initialisation"] = "generic"
    found = [replace(m, record=replace(m.record, configuration={**m.record.configuration, **plan})) for m in members()]
    display = Display()
    display.live, display.console.width = True, width
    display.table(front_table(found, F1_MACS, {}, "a front"), KEPT, LEAST, CSV_HAS_ALL)
    out = capsys.readouterr().out
    cells = zip(*(line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")), strict=True)
    columns = ["".join("".join(column).split()) for column in cells]
    assert columns[0] == "".join(str(row["trial"]) for row in front_rows(found, F1_MACS, {}, {}))
    assert any(column.startswith("separable+gru16x") for column in columns)
    assert any(column.startswith("responsefromgeneric") for column in columns)
    assert "…" not in out
    missing = 9 - len(columns)
    assert (f"note: {missing} columns are left out: " in out) == (missing > 1)
    assert ("; a wider terminal shows them, and `sedkd front --format csv` has every measure" in out) == (missing > 0)


@pytest.mark.parametrize("kept", [(), ("event", "words")])
def test_any_table_in_a_narrow_terminal(kept: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """What comes first stays whole; columns that are kept go on below."""
    table = Table("event", "words")
    table.add_row("lesser_black_backed_gull", "unfathomable")
    display = Display()
    display.live, display.console.width = True, 36
    display.table(table, kept)
    out = capsys.readouterr().out
    assert ("note: 1 column is left out: words; a wider terminal shows them" in out) == (not kept)
    assert ("lesser_black_backed_gull" in out) == (not kept)
    display.live = False
    display.table(table)
    assert "lesser_black_backed_gull │ unfathomable" in capsys.readouterr().out


def test_it_is_shown_where_somebody_asked_for_it() -> None:
    assert placed_table(members(), F1_MACS, {}) is None
    assert placed_table(members(fa_per_hour=425.0), F1_MACS, {}) is None
    asked = text_of(placed_table(members(fa_per_hour=425.0), parse("f1_segment,macs", 500.0), {}))
    assert "false alarms/h" in asked
    assert "425" in asked
    streams = text_of(placed_table(members(fa_per_hour=425.0, ram=26_500, algorithmic_latency=0.256), F1_MACS, {}))
    assert "26.5 k" in streams
    assert "0.256" in streams


def configured(**student: object) -> list[FinishedTrial]:
    """Students for streams of these settings."""
    given = {f"student.{name}": value for name, value in student.items()}
    found = members(algorithmic_latency=0.256)
    return [replace(m, record=replace(m.record, configuration={**m.record.configuration, **given})) for m in found]


def test_eight_bits_stand_beside_it() -> None:
    streams = configured(lookahead=160)
    measured = EightBits(16_700, 0.78, {"f1_segment": 0.512}, {"f1_segment": 0.498})
    shown = text_of(placed_table(streams, F1_MACS, {m.number: measured for m in streams}))
    for words in ("int8 f1_segment", "0.512", "0.498", "16.7 k", "0.78"):
        assert words in shown
    assert "int8" not in text_of(placed_table(streams, F1_MACS, {}))  # of an earlier version: not measured yet
    recurrent = configured(lookahead=160, head="gru")
    assert "none" in text_of(placed_table(recurrent, F1_MACS, {}))
    rows = front_rows(streams, F1_MACS, {}, {m.number: replace(measured, test=None) for m in streams})
    assert rows[0]["int8_f1_segment"] == 0.512
    assert "int8_test_f1_segment" not in rows[0]


def test_features_that_cost_more_than_the_network_are_told() -> None:
    """Where they do not count, and were counted at all: not in trials of earlier versions."""
    told = features_words(members(macs=40_000.0, total_macs=231_300.0), F1_MACS)
    assert told is not None
    assert "of 4 of the front's 4 students the features cost more (191 k MACs/s) than the network" in told
    assert features_words(members(macs=400_000.0, total_macs=591_300.0), F1_MACS) is None
    assert features_words(members(macs=40_000.0), F1_MACS) is None
    both = members(macs=40_000.0, total_macs=231_300.0)
    assert features_words(both, parse("f1_segment,total_macs")) is None
    assert features_words(both, parse("f1_segment,params")) is None


def test_macs_of_the_features_stand_beside_the_networks() -> None:
    """Where they are an objective."""
    both = members(macs=40_000.0, total_macs=231_300.0)
    assert "40 k + 191 k" in text_of(front_table(both, parse("f1_segment,total_macs"), {}, "a front"))
    assert "40 k + 191 k" not in text_of(front_table(both, F1_MACS, {}, "a front"))


def test_a_column_without_a_head_goes_with_the_one_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A difference and what it says."""
    table = Table("event", "F1", "", "PSDS", "", caption="as scored")
    table.add_row("bell", "0.512", "better", "0.498", "undecided", end_section=True, style="bold")
    display = Display()
    display.live, display.console.width = True, 36
    display.table(table)
    out = capsys.readouterr().out
    assert "│ better │" in out
    assert "as scored" in out
    assert "note: 1 column is left out: PSDS; a wider terminal shows them" in out

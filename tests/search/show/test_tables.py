"""The front's second table: what students take of a device, where somebody asked for students for devices."""

from dataclasses import replace

from invented_study import invented_study
from rich.console import Console
from rich.table import Table

from search.show.tables import front_table, placed_table
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


def test_it_is_shown_where_somebody_asked_for_it() -> None:
    assert placed_table(members(), F1_MACS) is None
    assert placed_table(members(fa_per_hour=425.0), F1_MACS) is None
    asked = text_of(placed_table(members(fa_per_hour=425.0), parse("f1_segment,macs", 500.0)))
    assert "false alarms/h" in asked
    assert "425" in asked
    streams = text_of(placed_table(members(fa_per_hour=425.0, ram=26_500, algorithmic_latency=0.256), F1_MACS))
    assert "26.5 k" in streams
    assert "0.256" in streams


def test_macs_of_the_features_stand_beside_the_networks() -> None:
    """Where they are an objective."""
    both = members(macs=40_000.0, total_macs=231_300.0)
    assert "40 k + 191 k" in text_of(front_table(both, parse("f1_segment,total_macs"), {}, "a front"))
    assert "40 k + 191 k" not in text_of(front_table(both, F1_MACS, {}, "a front"))

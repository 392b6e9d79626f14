"""The front as a table: a pandas frame for files, a rich table for eyes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.show.words import human, macs_words, measure_words, strategy_words, student_words
from search.study.eight_bits import quantises
from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from search.study.scores import SplitScores

if TYPE_CHECKING:
    import pandas
    from rich.table import Table

    from search.study.eight_bits import EightBits
    from search.study.scores import Confirmed

PLACED = {"false alarms/h": "fa_per_hour", "RAM, B": "ram", "flash, B": "flash", "waits, s": "algorithmic_latency"}

KEPT, LEAST = ("trial", "student", "strategy"), ("ms/s", "params")
"""Columns of the front that a narrow terminal shows, and those that it leaves out first."""
CSV_HAS_ALL = ", and `sedkd front --format csv` has every measure"


def front_frame(
    members: Sequence[FinishedTrial],
    objectives: Objectives,
    tests: Mapping[int, SplitScores | None],
    eights: "Mapping[int, EightBits | None]",
) -> "pandas.DataFrame":
    """One row per front member, from the cheapest to the most expensive: trial, pick, measures, test, eight bits,
    configuration."""
    import pandas

    return pandas.DataFrame(front_rows(members, objectives, tests, eights))


def front_rows(
    members: Sequence[FinishedTrial],
    objectives: Objectives,
    tests: Mapping[int, SplitScores | None],
    eights: "Mapping[int, EightBits | None]",
) -> list[dict[str, Any]]:
    on_front = front(members, objectives)
    named = picks_of(on_front, objectives)
    rows = []
    for member in on_front:
        test, eight = tests.get(member.number), eights.get(member.number)
        rows.append(
            {
                "trial": member.number,
                "pick": " ".join(named.get(member.number, ())),
                "steps": member.record.steps,
                "seeds": member.seeds,
                **member.measures,
                **({f"test_{name}": value for name, value in test.values.items()} if test else {}),
                **(eight.measures if eight else {}),
                **member.record.configuration,
                "control": member.record.control or "",
            }
        )
    return rows


def front_table(
    members: Sequence[FinishedTrial],
    objectives: Objectives,
    tests: Mapping[int, SplitScores | None],
    title: str,
    means: Mapping[int, "Confirmed | None"] | None = None,
) -> "Table":
    """The front for the terminal; `means` are those of members that were confirmed with new seeds."""
    from rich.table import Table

    quality = objectives.quality
    heard = "total_macs" in objectives.names
    macs = "MACs/s,\nfeatures" if heard else "MACs/s"
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for head in ("trial", f"{quality}\nvalidation", f"{quality}\ntest", macs, "params", "ms/s"):
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("student", "strategy", "pick"):
        table.add_column(head)
    sure = {number: found for number, found in (means or {}).items() if found}
    if sure:
        table.add_column("new seeds on validation: mean [95 %]")
    rows = front_rows(members, objectives, tests, {})
    uneven = len({row["steps"] for row in rows}) > 1
    if uneven:
        table.add_column("steps", justify="right")
    for row in rows:
        cells = [confirmed_words(sure.get(row["trial"]), quality)] if sure else []
        cells += [str(row["steps"])] if uneven else []
        table.add_row(
            str(row["trial"]),
            f"{row[quality]:.3f}",
            score_words(row.get(f"test_{quality}")),
            macs_words(row, objectives),
            human(row["params"]),
            f"{row['latency']:.2f}" if "latency" in row else "-",
            student_words(row),
            strategy_words(row),
            row["pick"],
            *cells,
        )
    return table


def placed_table(
    members: Sequence[FinishedTrial], objectives: Objectives, eights: "Mapping[int, EightBits | None]"
) -> "Table | None":
    """What students for streams take of a device, static RAM, flash and the wait for sound, how many false alarms they
    raise per hour, and what they score and cost in eight bits. None where no student is for streams and nobody asked
    for a limit of false alarms."""
    from rich.table import Table

    rows = front_rows(members, objectives, {}, eights)
    columns = {**PLACED, **{head: f"int8_{name}" for head, name in _int8_columns(objectives.quality).items()}}
    placed = {head: name for head, name in columns.items() if any(_placed_words(name, row) for row in rows)}
    if not set(placed.values()) - {"fa_per_hour"} and objectives.most_alarms is None:
        return None
    table = Table(title="the same students, on a device", title_justify="left", header_style="bold", pad_edge=False)
    for head in ("trial", *placed):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(str(row["trial"]), *(_placed_words(name, row) or "-" for name in placed.values()))
    return table


def _int8_columns(quality: str) -> dict[str, str]:
    return {
        f"int8 {quality}\nvalidation": quality,
        f"int8 {quality}\ntest": f"test_{quality}",
        "int8, B": "bytes",
        "int8, ms/s": "latency",
    }


def _placed_words(name: str, row: Mapping[str, Any]) -> str | None:
    """Of one for streams without a step of eight bits, that it has none; None where nothing is known."""
    value, of_int8 = row.get(name), name.removeprefix("int8_")
    if value is None:
        streams = row.get("algorithmic_latency") is not None
        return "none" if of_int8 != name and streams and not quantises(row) else None
    if of_int8 != name:
        return measure_words(of_int8.removeprefix("test_"), value)
    return human(value) if name == "fa_per_hour" else measure_words(name, value)


def confirmed_words(found: "Confirmed | None", quality: str) -> str:
    """Mean and interval over new seeds, and the cheaper trial that is not distinguishable; "-" where there are none."""
    if found is None or quality not in found.values:
        return "-"
    interval = f"{found.values[quality]:.3f} [{found.low[quality]:.3f}, {found.high[quality]:.3f}]"
    alike = found.indistinguishable_from
    return interval if alike is None else f"{interval}, not distinguishable from trial {alike}"


def score_words(value: float | None) -> str:
    """A score to three digits; "-" where there is none, or none can be computed."""
    return "-" if value is None else f"{value:.3f}"

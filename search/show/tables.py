"""The front as a table: a pandas frame for files, a rich table for eyes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.pareto.front import Member, front, knee
from search.study.objectives import Objectives
from search.trials.final_scores import SplitScores
from sedkd.distill.registry import SCRATCH
from sedkd.models.student import StudentSettings

if TYPE_CHECKING:
    import pandas
    from rich.table import Table

    from search.trials.confirmation import Confirmed


def front_frame(
    members: Sequence[Member], objectives: Objectives, tests: Mapping[int, SplitScores | None]
) -> "pandas.DataFrame":
    """One row per front member, from the cheapest to the most expensive: trial, pick, measures, test, configuration."""
    import pandas

    return pandas.DataFrame(front_rows(members, objectives, tests))


def front_rows(
    members: Sequence[Member], objectives: Objectives, tests: Mapping[int, SplitScores | None]
) -> list[dict[str, Any]]:
    on_front = front(members, objectives)
    named = picks_of(on_front, objectives)
    rows = []
    for member in on_front:
        test = tests.get(member.number)
        rows.append(
            {
                "trial": member.number,
                "pick": " ".join(named.get(member.number, ())),
                **member.record["measures"],
                **({f"test_{name}": value for name, value in test.values.items()} if test else {}),
                **member.record["configuration"],
                "control": member.record["control"] or "",
            }
        )
    return rows


def picks_of(on_front: Sequence[Member], objectives: Objectives) -> dict[int, list[str]]:
    """Which of knee, best and smallest each front member is."""
    if not on_front:
        return {}
    named: dict[int, list[str]] = {}
    best = max(on_front, key=lambda m: m.measure(objectives.quality))
    smallest = min(on_front, key=lambda m: m.measure(objectives.cost))
    for word, member in (("knee", knee(on_front, objectives)), ("best", best), ("smallest", smallest)):
        named.setdefault(member.number, []).append(word)
    return named


def front_table(
    members: Sequence[Member],
    objectives: Objectives,
    tests: Mapping[int, SplitScores | None],
    title: str,
    means: Mapping[int, "Confirmed | None"] | None = None,
) -> "Table":
    """The front for the terminal; `means` are those of members that were confirmed with new seeds."""
    from rich.table import Table

    quality = objectives.quality
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for head in ("trial", f"{quality}\nvalidation", f"{quality}\ntest", "MACs/s", "params", "ms/s"):
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("student", "strategy", "pick"):
        table.add_column(head, no_wrap=head == "pick")
    sure = {number: found for number, found in (means or {}).items() if found}
    if sure:
        table.add_column("new seeds on validation: mean [95 %]")
    for row in front_rows(members, objectives, tests):
        cells = [confirmed_words(sure.get(row["trial"]), quality)] if sure else []
        table.add_row(
            str(row["trial"]),
            f"{row[quality]:.3f}",
            score_words(row.get(f"test_{quality}")),
            human(row["macs"]),
            human(row["params"]),
            f"{row['latency']:.2f}" if "latency" in row else "-",
            student_words(row),
            strategy_words(row),
            row["pick"],
            *cells,
        )
    return table


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


def student_words(configuration: Mapping[str, Any]) -> str:
    """An architecture in a few words, such as "separable+gru 16x3" (width x depth)."""
    default = StudentSettings()
    block, head, width, depth = (
        configuration.get(f"student.{name}", getattr(default, name)) for name in ("block", "head", "width", "depth")
    )
    return f"{block}{'' if head == 'none' else '+' + head} {width}x{depth}"


def strategy_words(configuration: Mapping[str, Any]) -> str:
    """A strategy and its start in a few words, such as "response from generic"."""
    strategy = configuration.get("strategy", SCRATCH)
    start = configuration.get("initialisation", "random")
    return ("scratch" if strategy == SCRATCH else strategy) + ("" if start == "random" else f" from {start}")


def human(value: float) -> str:
    """A count with a unit: 950, 12.3 k, 4.56 M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g}"

"""A comparison as tables for the terminal."""

from typing import TYPE_CHECKING, Any

from search.show.tables import score_words
from search.show.words import human
from sedkd.compare.arms import AWARE, EVERY, GENERIC, SCRATCH
from sedkd.compare.scoring import METRICS

if TYPE_CHECKING:
    from rich.table import Table

SCORES = (*METRICS, "psds1", "psds2")


def tries_table(result: dict[str, Any]) -> "Table":
    """What every arm tried, by rate, with its score on validation; a star stands at what it chose, brackets around what
    the first round left out."""
    seeds, recordings = result["tuning"]["seeds"], result["tuning"]["recordings"]
    steps = min(one["steps"] for arm in result["arms"] for one in arm["tries"])
    rarest = min(recordings, key=recordings.__getitem__)
    table = plain_table(
        f"tries: {result['criterion']} on validation, mean of {seeds} seeds ({rarest}, the rarest event, in "
        f"{recordings[rarest]} recordings); in brackets: left out after one seed of {steps} steps; * chosen"
    )
    rates = sorted({one["rate"] for arm in result["arms"] for one in arm["tries"]})
    for head in ("", "recipe", "mixtures"):
        table.add_column(head)
    for rate in rates:
        table.add_column(f"{rate:g}", justify="right")
    for arm in result["arms"]:
        table.add_section()
        for place, recipe in enumerate(dict.fromkeys(one["recipe"] for one in arm["tries"])):
            own = [one for one in arm["tries"] if one["recipe"] == recipe]
            for row, mixture in enumerate(sorted({one["mixture"] for one in own})):
                cells = {one["rate"]: _try_words(one, arm, seeds) for one in own if one["mixture"] == mixture}
                names = (arm["name"] if place == row == 0 else "", recipe if row == 0 else "")
                table.add_row(*names, f"{mixture:g}", *(cells.get(rate, "") for rate in rates))
    alike = [arm["name"] for arm in result["arms"] if arm["told_apart"] is False]
    if alike:
        table.caption = f"finalists no further apart than their seeds, so that any might be best: {'; '.join(alike)}"
    return table


def arms_table(result: dict[str, Any]) -> "Table":
    """The teachers on top, then an arm per row: scores on test as mean and deviation over seeds, and costs."""
    table = plain_table(
        f"{subject_words(result)}: {result['architecture']}, {result['seeds']} seeds, {result['steps']} steps, "
        f"{labelled_words(result)}, {result['recordings']} test recordings; mean ± deviation over seeds"
    )
    for head in ("", *SCORES, "MACs/s", "params", "kB", "ms/s"):
        table.add_column(head, justify="right" if head else "left")
    for teacher in result["teachers"]:
        scores = [score_words(teacher["values"][name]) for name in SCORES]
        table.add_row(teacher["name"], *scores, *_costs(teacher["cost"]))
    table.add_section()
    for arm in result["arms"]:
        scores = [mean_words(arm["test"][name]) for name in SCORES]
        table.add_row(arm["name"], *scores, *_costs(arm["cost"]))
    return table


def pairs_table(result: dict[str, Any]) -> "Table":
    """Differences of F1 in points with their 95 % intervals and verdicts."""
    table = plain_table("differences in F1 points, 95 % interval (paired bootstrap over recordings and seeds)")
    table.add_column("")
    for metric in METRICS:
        table.add_column(metric, justify="right")
        table.add_column("")
    for pair in shown_pairs(result):
        cells = [text for metric in METRICS for text in (interval_words(pair[metric]), pair[metric]["verdict"])]
        table.add_row(f"{pair['a']} - {pair['b']}", *cells)
    return table


def per_class_table(result: dict[str, Any]) -> "Table":
    """The same per class, by the F1 that was chosen for."""
    pairs = [pair for pair in shown_pairs(result) if pair["a"] == AWARE or pair["b"] == AWARE][:2]
    table = plain_table(f"per class ({result['criterion']})")
    table.add_column("event")
    table.add_column("test events", justify="right")
    for pair in pairs:
        table.add_column(f"{pair['a']} - {pair['b']}", justify="right")
        table.add_column("")
    for label in result["events"]:
        found = [pair[result["criterion"]]["per_class"][label] for pair in pairs]
        cells = [text for d in found for text in ((interval_words(d), d["verdict"]) if d else ("-", "no such event"))]
        table.add_row(label, str(result["support"][label]), *cells)
    return table


def f1_words(result: dict[str, Any]) -> str:
    """The F1 that was chosen for."""
    return {"f1_segment": "segment F1", "f1_event": "event F1"}[result["criterion"]]


def shown_pairs(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The pairs that the claim is about, then `aware` against what was left out of it."""
    found = {(pair["a"], pair["b"]): pair for pair in result["pairs"]}
    claim = [(AWARE, SCRATCH), (AWARE, GENERIC), (AWARE, EVERY), (GENERIC, SCRATCH)]
    rest = [names for names in found if AWARE in names and names not in claim]
    return [found[names] for names in [*claim, *rest] if names in found]


def subject_words(result: dict[str, Any]) -> str:
    """The environment, how many of its events are listened for where that is not all, and whether it is synthetic."""
    synthetic = " (SYNTHETIC soundscapes)" if result["synthetic"] else ""
    events, every = result["events"], result["environment_events"]
    part = f", {len(events)} of {len(every)} events" if len(events) < len(every) else ""
    return f"{result['environment']}{synthetic}{part}"


def labelled_words(result: dict[str, Any]) -> str:
    """How many labelled clips it trained on, and of how many, where labels were hidden."""
    used, there = result["labelled"]["used"], result["labelled"]["of"]
    return f"{used} labelled clips" if used == there else f"{used} of {there} labelled clips"


def _try_words(one: dict[str, Any], arm: dict[str, Any], seeds: int) -> str:
    """What a try scored, with a star where the arm chose it."""
    if one["validation"] is None:
        return "diverged"
    if len(one["seeds"]) < seeds:
        return f"({one['validation']:.3f})"
    chosen = all(one[key] == arm[key] for key in ("recipe", "rate", "mixture"))
    return f"{'*' if chosen else ''}{one['validation']:.3f}"


def _costs(cost: dict[str, Any]) -> tuple[str, ...]:
    return human(cost["macs"]), human(cost["params"]), f"{cost['bytes'] / 1000:.0f}", f"{cost['latency']:.2f}"


def mean_words(found: dict[str, Any]) -> str:
    """Mean and deviation over seeds."""
    return "-" if found["mean"] is None else f"{found['mean']:.3f} ± {found['sd']:.3f}"


def interval_words(found: dict[str, Any]) -> str:
    """A difference in points with its interval."""
    if found["mean"] is None:
        return "-"
    return f"{100 * found['mean']:+.1f} [{100 * found['low']:+.1f}, {100 * found['high']:+.1f}]"


def plain_table(title: str) -> "Table":
    """An empty table."""
    from rich.table import Table

    return Table(title=title, title_justify="left", header_style="bold", pad_edge=False)

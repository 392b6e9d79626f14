"""A comparison as tables for the terminal."""

from typing import TYPE_CHECKING, Any

from search.table import human, score_words
from sedkd.compare.arms import AWARE, GENERIC, SCRATCH
from sedkd.compare.result import METRICS

if TYPE_CHECKING:
    from rich.table import Table

SCORES = (*METRICS, "psds1", "psds2")


def arms_table(result: dict[str, Any]) -> "Table":
    """The teachers on top, then an arm per row: scores on test as mean and deviation over seeds, and costs."""
    synthetic = " (SYNTHETIC soundscapes)" if result["synthetic"] else ""
    table = _table(
        f"{result['environment']}{synthetic}: {result['architecture']}, {result['seeds']} seeds, {result['steps']} "
        f"steps, {result['recordings']} test recordings; mean ± deviation over seeds"
    )
    for head in ("", "clips without labels", "rate", *SCORES, "MACs/s", "params", "kB", "ms/s"):
        table.add_column(head, justify="left" if head in ("", "clips without labels") else "right")
    for teacher in result["teachers"]:
        scores = [score_words(teacher["values"][name]) for name in SCORES]
        table.add_row(teacher["name"], "", "", *scores, *_costs(teacher["cost"]))
    table.add_section()
    for arm in result["arms"]:
        scores = [_over_seeds(arm["test"][name]) for name in SCORES]
        table.add_row(arm["name"], arm["unlabelled"], f"{arm['rate']:g}", *scores, *_costs(arm["cost"]))
    return table


def pairs_table(result: dict[str, Any]) -> "Table":
    """Differences of F1 in points with their 95 % intervals and verdicts."""
    table = _table("differences in F1 points, 95 % interval (paired bootstrap over recordings and seeds)")
    table.add_column("")
    for metric in METRICS:
        table.add_column(metric, justify="right")
        table.add_column("")
    for pair in shown_pairs(result):
        cells = [text for metric in METRICS for text in (_interval(pair[metric]), pair[metric]["verdict"])]
        table.add_row(f"{pair['a']} - {pair['b']}", *cells)
    return table


def per_class_table(result: dict[str, Any]) -> "Table":
    """The same per class, by segment F1."""
    pairs = [pair for pair in shown_pairs(result) if pair["a"] == AWARE or pair["b"] == AWARE][:2]
    table = _table("per class (f1_segment)")
    table.add_column("event")
    table.add_column("test events", justify="right")
    for pair in pairs:
        table.add_column(f"{pair['a']} - {pair['b']}", justify="right")
        table.add_column("")
    for label in result["events"]:
        found = [pair["f1_segment"]["per_class"][label] for pair in pairs]
        cells = [text for d in found for text in ((_interval(d), d["verdict"]) if d else ("-", "no such event"))]
        table.add_row(label, str(result["support"][label]), *cells)
    return table


def shown_pairs(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The pairs that the claim is about, then `aware` against what was left out of it."""
    found = {(pair["a"], pair["b"]): pair for pair in result["pairs"]}
    claim = [(AWARE, SCRATCH), (AWARE, GENERIC), (GENERIC, SCRATCH)]
    rest = [names for names in found if AWARE in names and names not in claim]
    return [found[names] for names in [*claim, *rest] if names in found]


def _costs(cost: dict[str, Any]) -> tuple[str, ...]:
    return human(cost["macs"]), human(cost["params"]), f"{cost['bytes'] / 1000:.0f}", f"{cost['latency']:.2f}"


def _over_seeds(found: dict[str, Any]) -> str:
    return "-" if found["mean"] is None else f"{found['mean']:.3f} ± {found['sd']:.3f}"


def _interval(found: dict[str, Any]) -> str:
    if found["mean"] is None:
        return "-"
    return f"{100 * found['mean']:+.1f} [{100 * found['low']:+.1f}, {100 * found['high']:+.1f}]"


def _table(title: str) -> "Table":
    from rich.table import Table

    return Table(title=title, title_justify="left", header_style="bold", pad_edge=False)

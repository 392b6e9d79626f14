"""Comparisons of several environments as one table for the terminal, and as a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.show.comparison_table import interval_words, plain_table, shown_pairs
from search.study.names import cleaned
from search.study.store import Store
from sedkd.compare.pooled import pooled
from sedkd.compare.scoring import METRICS
from sedkd.disk.json_file import digest, write_json

if TYPE_CHECKING:
    from rich.table import Table


def pooled_table(results: Sequence[Mapping[str, Any]]) -> "Table":
    """A row per pair and environment, and one of their mean: differences in points, intervals, verdicts."""
    table = plain_table(
        f"{results[0]['architecture']} in {len(results)} environments: differences in F1 points, 95 % interval"
    )
    table.add_column("")
    table.add_column("")
    for metric in METRICS:
        table.add_column(metric, justify="right")
        table.add_column("")
    for mean in shown_pairs({"pairs": pooled(results)}):
        table.add_section()
        name = f"{mean['a']} - {mean['b']}"
        for result in results:
            own = next(pair for pair in result["pairs"] if (pair["a"], pair["b"]) == (mean["a"], mean["b"]))
            table.add_row(name, result["environment"], *_cells(own))
            name = ""
        table.add_row("", "mean of these", *_cells(mean), style="bold")
    return table


def keep_pooled(results: Sequence[Mapping[str, Any]], store: Store) -> Path:
    """Write `pooled.json` into a folder of its own; its path."""
    names = [result["comparison"] for result in results]
    environments = cleaned("-".join(result["environment"] for result in results))
    path = store.root / "comparisons" / f"{environments}-{digest(names, 3)}" / "pooled.json"
    write_json(path, {"comparisons": names, "pairs": pooled(results)}, indent=1)
    return path


def _cells(pair: Mapping[str, Any]) -> list[str]:
    found = [pair.get(metric) for metric in METRICS]
    return [text for one in found for text in ((interval_words(one), one["verdict"]) if one else ("-", ""))]

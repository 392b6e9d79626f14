"""Comparisons with several numbers of labelled clips as one table for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from search.show.comparison_table import interval_words, mean_words, plain_table, shown_pairs
from search.show.labels_curve import arm_names, by_labels
from search.show.tables import score_words

if TYPE_CHECKING:
    from rich.table import Table


def labels_table(results: Sequence[dict[str, Any]]) -> "Table":
    """A number of labelled clips per row: on test, by the F1 that was chosen for, the teacher and every arm, and the
    first of the pairs, with its interval and verdict."""
    ordered, metric = by_labels(results), results[0]["criterion"]
    names = arm_names(ordered)
    pairs = [shown_pairs(result)[0] for result in ordered]
    table = plain_table(f"{ordered[0]['environment']}: {metric} on test by the number of labelled clips")
    for head in ("labelled clips", "teacher", *names, f"{pairs[0]['a']} - {pairs[0]['b']}"):
        table.add_column(head, justify="right")
    table.add_column("")
    for result, pair in zip(ordered, pairs, strict=True):
        found = {arm["name"]: arm["test"][metric] for arm in result["arms"]}
        difference = pair[metric]
        table.add_row(
            str(result["labelled"]["used"]),
            score_words(result["teachers"][0]["values"][metric]),
            *(mean_words(found[name]) for name in names),
            interval_words(difference),
            difference["verdict"],
        )
    return table

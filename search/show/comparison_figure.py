"""A comparison as a picture: what every seed of every arm reached, and the differences with their intervals."""

from pathlib import Path
from typing import Any

from search.show.comparison_table import f1_words, labelled_words, shown_pairs, subject_words
from sedkd.compare.bootstrap import BETTER, WORSE

COLOURS = {BETTER: "#2a7f4f", WORSE: "#b3432f"}


def comparison_png(result: dict[str, Any], path: Path) -> None:
    """Write the picture (on test, by the F1 that was chosen for) to `path`."""
    from matplotlib.figure import Figure

    arms, pairs, metric = result["arms"], shown_pairs(result), result["criterion"]
    figure = Figure(figsize=(11, 1.8 + 0.42 * max(len(arms), len(pairs))), layout="constrained")
    left, right = figure.subplots(1, 2)
    for row, arm in enumerate(reversed(arms)):
        found = arm["test"][metric]
        left.plot(found["seeds"], [row] * len(found["seeds"]), "o", color="#9aa5b1", markersize=5)
        if found["mean"] is not None:
            left.plot(found["mean"], row, "|", color="#1f2a37", markersize=16, markeredgewidth=2)
    for teacher, style in zip(result["teachers"], ("--", ":"), strict=False):
        if teacher["values"][metric] is not None:
            left.axvline(teacher["values"][metric], color="#d1495b", linestyle=style, label=teacher["name"])
    if left.get_legend_handles_labels()[0]:
        for text in left.legend(loc="best", frameon=False, fontsize=8).texts:
            text.set_parse_math(False)
    left.set_yticks(range(len(arms)), [arm["name"] for arm in reversed(arms)])
    left.set_xlabel(f"macro {f1_words(result)} on test (dots: seeds, bar: their mean)")
    for row, pair in enumerate(reversed(pairs)):
        found = pair[metric]
        if found["mean"] is None:
            continue
        colour = COLOURS.get(found["verdict"], "#6b7280")
        right.plot([100 * found["low"], 100 * found["high"]], [row, row], color=colour, linewidth=3)
        right.plot(100 * found["mean"], row, "o", color=colour)
    right.axvline(0, color="#1f2a37", linewidth=1)
    right.set_yticks(range(len(pairs)), [f"{pair['a']} - {pair['b']}" for pair in reversed(pairs)])
    right.set_xlabel("difference in F1 points, 95 % interval")
    what = f"{subject_words(result)}: {result['architecture']}, {result['seeds']} seeds, {labelled_words(result)}"
    figure.suptitle(what, parse_math=False)
    figure.savefig(path, dpi=130)

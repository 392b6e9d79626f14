"""Comparisons with several numbers of labelled clips, side by side: how many labels does it take?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from search.show.comparison_table import f1_words, shown_pairs, subject_words
from search.study.names import cleaned
from search.study.store import Store
from sedkd.compare.scoring import METRICS
from sedkd.disk.json_file import digest, write_json


def keep_curve(results: Sequence[dict[str, Any]], store: Store) -> list[str]:
    """Write `labels.json` and `labels.png` into a folder of their own; lines that say where."""
    ordered = by_labels(results)
    names = [result["comparison"] for result in ordered]
    folder = store.root / "comparisons" / f"{cleaned(ordered[0]['environment'])}-labels-{digest(names, 3)}"
    written, picture = folder / "labels.json", folder / "labels.png"
    write_json(written, [_point(result) for result in ordered], indent=1)
    labels_png(ordered, picture)
    return [f"numbers: {written}", f"figure:  {picture}"]


def by_labels(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the fewest labelled clips to the most."""
    return sorted(results, key=lambda result: result["labelled"]["used"])


def labels_png(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the picture to `path`: on test, by the F1 that was chosen for, every arm against the number of labelled
    clips."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    used, metric = [result["labelled"]["used"] for result in results], results[0]["criterion"]
    for name in arm_names(results):
        found = [_of(result, name)[metric] for result in results]
        points = [(x, f["mean"], f["sd"]) for x, f in zip(used, found, strict=True) if f["mean"] is not None]
        if points:
            x, mean, sd = zip(*points, strict=True)
            axes.errorbar(x, mean, yerr=sd, marker="o", capsize=3, label=name)
    teacher = [result["teachers"][0]["values"][metric] for result in results]
    if None not in teacher:
        axes.plot(used, teacher, "--", color="#d1495b", label="teacher")
    axes.set_xticks(used)
    axes.set_xlabel("labelled clips")
    axes.set_ylabel(f"macro {f1_words(results[0])} on test (mean, deviation over seeds)")
    axes.legend(frameon=False, fontsize=8)
    first = results[0]
    title = f"{subject_words(first)}: {first['architecture']}, {first['seeds']} seeds"
    figure.suptitle(title, parse_math=False)
    figure.savefig(path, dpi=130)


def arm_names(results: Sequence[dict[str, Any]]) -> list[str]:
    """The arms that all comparisons have."""
    return [arm["name"] for arm in results[0]["arms"] if all(_of(result, arm["name"]) for result in results)]


def _of(result: dict[str, Any], name: str) -> dict[str, Any]:
    """An arm's scores on test."""
    return next((arm["test"] for arm in result["arms"] if arm["name"] == name), {})


def _point(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "labelled": result["labelled"],
        "comparison": result["comparison"],
        "teacher": {metric: result["teachers"][0]["values"][metric] for metric in METRICS},
        "arms": {arm["name"]: {metric: arm["test"][metric] for metric in METRICS} for arm in result["arms"]},
        "pairs": shown_pairs(result),
    }

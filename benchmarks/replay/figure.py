"""The comparison as a picture: hypervolume over training seconds, a line and a band for each strategy."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.replay.ledger import at
from benchmarks.replay.summary import GRID, Result, of_all_rows, printed, write_curves
from benchmarks.replay.table import Table


def keep(results: Sequence[Result], table: Table, folder: Path) -> None:
    """Print the table, and write it, the curves and the picture into a folder."""
    text = printed(results, table)
    print(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.txt").write_text(text + "\n")
    write_curves(results, folder / "curves.csv")
    draw(results, table.budget, of_all_rows(table), folder / "hypervolume.png")


def draw(results: Sequence[Result], budget: float, most: float, target: Path) -> None:
    """Peers on the left, ours on the right with TPE, on the same scale, up to the `most` that is to be had; bands are
    one deviation over the runs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    _lines(left, [r for r in results if r.is_peer], budget)
    _lines(right, [r for r in results if not r.is_peer or r.name == "TPE"], budget)
    left.set_ylabel("hypervolume (segment F1, log10 MACs/s)")
    least = min(mean(r.volumes(0.25)) for r in results)  # the first minutes are steep, and alike
    left.set_ylim(least, most + 0.05 * (most - least))
    figure.savefig(target, dpi=120)


def _lines(axes, results: Sequence[Result], budget: float) -> None:
    seconds = np.linspace(0, budget, GRID + 1)
    for place, r in enumerate(results):
        curves = np.array([[at(curve, moment) for moment in seconds] for curve in r.curves])
        middle, spread = curves.mean(0), curves.std(0)
        style = "-" if place < 10 else "--"
        (line,) = axes.plot(seconds, middle, style, label=r.name)
        axes.fill_between(seconds, middle - spread, middle + spread, color=line.get_color(), alpha=0.1, linewidth=0)
    axes.set_xlabel("training seconds")
    axes.legend(loc="lower right", fontsize=8)
    axes.grid(alpha=0.3)

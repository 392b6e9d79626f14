"""Precision against recall, a panel per event, with the threshold in use."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

    from sedkd.score.precision_recall import Curve

COLUMNS = 4
LINE, POINT = "#1f5f8b", "#b3432f"


def curves_png(curves: "Mapping[str, Curve | None]", title: str, out: "Path | BinaryIO") -> None:
    """Write the picture to `out`."""
    from matplotlib.figure import Figure

    columns = min(len(curves), COLUMNS)
    rows = math.ceil(len(curves) / columns)
    figure = Figure(figsize=(2.7 * columns, 2.9 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (label, curve) in zip(panels, curves.items(), strict=False):
        axes.set_title(label, fontsize=9, parse_math=False)
        _panel(axes, curve)
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    figure.supxlabel("recall", fontsize=9)
    figure.supylabel("precision", fontsize=9)
    figure.suptitle(title, fontsize=10, parse_math=False)
    figure.savefig(out, format="png", dpi=120)


def _panel(axes: Any, curve: "Curve | None") -> None:
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8)
    axes.grid(color="#e3e7eb", linewidth=0.6)
    if curve is None:
        axes.text(0.5, 0.5, "does not occur", ha="center", va="center", fontsize=9)
        return
    axes.step(curve.recall, curve.precision, where="post", color=LINE, linewidth=1.3)
    recall, precision = curve.at
    words = f"threshold {curve.threshold:g}\nAP {curve.average:.2f}"
    if precision is None:
        words += "\ntells nothing"
    else:
        axes.plot(recall, precision, "o", color=POINT, markersize=6, clip_on=False)
    axes.text(0.04, 0.04, words, fontsize=8, va="bottom")

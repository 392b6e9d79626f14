"""Precision over recall, and misses over false alarms per hour (DET), as a picture."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sedkd.score.curves import Curve, Point

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes


def curves_png(curves: Mapping[str, Curve], title: str, out: "Path") -> None:
    """Write the picture to `out`: a line per event that occurs, with a circle at its threshold."""

    def draw(precision: "Axes", misses: "Axes", label: str, style: dict[str, Any]) -> None:
        _line(precision, curves[label], curves[label].precision, style, label)
        _line(misses, curves[label], curves[label].misses, style, label)

    def finish(precision: "Axes", misses: "Axes") -> None:
        precision.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
        misses.set(xlabel="false alarms per hour", ylabel="share of events missed", xscale="log", ylim=(0, 1.02))

    present = [label for label, curve in curves.items() if curve.events]
    event_panels(present, f"{title}; event-based, circles are the thresholds in use", out, draw, finish)


def event_panels(
    events: Sequence[str],
    title: str,
    out: "Path",
    draw: "Callable[[Axes, Axes, str, dict[str, Any]], None]",
    finish: "Callable[[Axes, Axes], None]",
) -> None:
    """Write a picture of two panels to `out`. `draw` draws an event into both, in a style of its own, with the name of
    the legend in the left one; `finish` sets both panels' axes."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    colours = matplotlib.colormaps["tab10" if len(events) <= 10 else "tab20"]
    for number, label in enumerate(events):
        draw(left, right, label, {"color": colours(number % colours.N), "linewidth": 1.3})
    finish(left, right)
    for axes in (left, right):
        axes.grid(color="#e3e7eb", linewidth=0.6)
    handles, labels = left.get_legend_handles_labels()
    for text in figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False).texts:
        text.set_parse_math(False)
    figure.suptitle(title, fontsize=10, parse_math=False)
    figure.savefig(out, format="png", dpi=120)


def _line(axes: "Axes", curve: Curve, points: list[Point], style: dict[str, Any], label: str) -> None:
    axes.plot([x for x, *_ in points], [y for _, y, _ in points], label=label, **style)
    for x, y, threshold in points:
        if curve.is_chosen(threshold):
            axes.plot(x, y, "o", color=style["color"], markersize=6)

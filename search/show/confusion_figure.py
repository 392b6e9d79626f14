"""Who is taken for whom, as a picture."""

from typing import TYPE_CHECKING

from sedkd.score.confusion import Confusion

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

CELL_INCHES = 0.62


def confusion_png(found: Confusion, title: str, out: "Path") -> None:
    """Write the picture to `out`: a row per event that occurs and one for none, a column per event that is detected."""
    from matplotlib.figure import Figure

    size = len(found.labels)
    figure = Figure(figsize=(max(3.2 + CELL_INCHES * size, 7), 2.6 + CELL_INCHES * (size + 1)), layout="constrained")
    axes = figure.subplots()
    _cells(axes, found)
    axes.set_xticks(range(size), found.labels, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(size + 1), [*found.labels, "no event"], parse_math=False)
    axes.set(xlabel="detected", ylabel="there")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.suptitle(f"{title}; % of a row's seconds", fontsize=10, parse_math=False)
    figure.savefig(out, format="png", dpi=120)


def _cells(axes: "Axes", found: Confusion) -> None:
    """Right ones blue, wrong ones red, the darker the more; without time a dash."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    fill = Normalize(0, 1.4)  # so that black can be read on the darkest
    for i, row in enumerate(found.shares):
        for j, share in enumerate(row):
            colour = "#f0f2f4" if share is None else colormaps["Blues" if i == j else "Reds"](fill(share))
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="white"))
            axes.text(j, i, "-" if share is None else f"{100 * share:.0f}", ha="center", va="center", fontsize=9)
    axes.set(xlim=(-0.5, len(found.labels) - 0.5), ylim=(len(found.labels) + 0.5, -0.5), aspect="equal")

"""A reliability diagram, and how many frames stand behind each of its points, as a picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from search.show.curves_figure import event_panels
from sedkd.score.calibration import Calibration

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes


def calibration_png(found: Mapping[str, Calibration], title: str, out: "Path") -> None:
    """Write the picture to `out`: a line per event that occurs; on the diagonal probabilities are what they say."""

    def draw(shares: "Axes", counts: "Axes", label: str, style: dict[str, Any]) -> None:
        points = found[label].points
        means = [mean for mean, *_ in points]
        name = f"{label} (error {found[label].error:.3f})"
        shares.plot(means, [share for _, share, _ in points], marker="o", markersize=4, label=name, **style)
        counts.plot(means, [frames for *_, frames in points], marker="o", markersize=4, **style)

    def finish(shares: "Axes", counts: "Axes") -> None:
        shares.plot([0, 1], [0, 1], color="#888888", linestyle="--", linewidth=1)
        shares.set(xlabel="mean probability", ylabel="share of frames within the event", xlim=(0, 1), ylim=(0, 1.02))
        counts.set(xlabel="mean probability", ylabel="frames", yscale="log", xlim=(0, 1))

    present = [label for label, each in found.items() if each.occurs]
    event_panels(present, f"{title}; frames by probability, in ten bins", out, draw, finish)

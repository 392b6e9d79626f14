"""Reliability diagrams of the picked students: what their probabilities are worth, by event."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from search.show.figure_text import in_figure
from search.show.page.curves import COLOURS, laid_out
from search.show.page.drawing import drawn
from search.show.page.findings import Findings
from search.show.page.markup import Html, paragraph
from search.study.trial_files import CALIBRATION
from sedkd.score.calibration import Calibration

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LEGEND = (
    "Calibration on validation, per event: of the frames whose probability lies in a tenth, before the median filter, "
    "the share that lies within the event, and how many frames these are (neighbours are alike, so that they count for "
    "less). On the dashed line a probability is what it says; the error is the mean distance from it, over frames."
)


def calibrations(found: Findings) -> list[str]:
    """A pair of figures for each pick whose calibration was kept, and how to read them."""
    parts = [
        _pair(kept, title, f"calibration-{number}")
        for number, title, kept in found.of_picks(CALIBRATION)
        if any(each.occurs for each in kept.values())
    ]
    return [paragraph(LEGEND), *parts] if parts else []


def _pair(kept: Mapping[str, Calibration], title: str, name: str) -> Html:
    shares = _figure(kept, lambda point: point[1], title)
    shares.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"dash": "dash", "color": "#888", "width": 1})
    shares.update_yaxes(title="share of frames within the event", range=[0, 1.04])
    counts = _figure(kept, lambda point: point[2], title).update_yaxes(title="frames", type="log")
    for figure in (shares, counts):
        figure.update_xaxes(title="mean probability", range=[0, 1.02])
    return Html(f'<div class="pair">{drawn(shares, f"{name}-shares")}{drawn(counts, f"{name}-frames")}</div>')


def _figure(
    kept: Mapping[str, Calibration], height: Callable[[tuple[float, float, int]], float], title: str
) -> "Figure":
    import plotly.graph_objects as go

    present = [(label, each) for label, each in kept.items() if each.occurs]
    lines = [
        go.Scatter(
            x=[mean for mean, *_ in each.points],
            y=[height(point) for point in each.points],
            customdata=[(share, frames) for _, share, frames in each.points],
            mode="lines+markers",
            line={"color": COLOURS[number % len(COLOURS)], "dash": "solid" if number < len(COLOURS) else "dot"},
            name=f"{in_figure(label)} (error {each.error:.3f})",
            hovertemplate=f"{in_figure(label)}: of %{{customdata[1]}} frames with %{{x:.3g}} on average, "
            "%{customdata[0]:.3g} within the event<extra></extra>",
        )
        for number, (label, each) in enumerate(present)
    ]
    return laid_out(lines, title)

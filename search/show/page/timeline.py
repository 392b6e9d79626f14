"""How the picked students hear one recording of validation: log-mel, probabilities, truth and detections."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from search.show.figure_text import in_figure
from search.show.page.curves import COLOURS
from search.show.page.drawing import drawn
from search.show.page.findings import Findings
from search.show.page.markup import paragraph
from search.study.heard import HEARD, Heard
from sedkd.data.events import Event

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

THERE, DETECTED = "#2a7f4f", "#b3432f"
LEGEND = (
    "The recording of validation with the most different events, not one that was chosen for how well it is heard: its "
    "log-mel, each event's probability after the median filter with its threshold (dotted), and what is there (green) "
    "above what was detected (red). The command sedkd plot draws any other."
)


def timelines(found: Findings) -> list[str]:
    """A figure for each pick of which it was kept, and how to read them."""
    parts = [
        drawn(_figure(heard, f"{title}<br>{in_figure(heard.filename)}"), f"timeline-{number}")
        for number, title, heard in found.of_picks(HEARD)
    ]
    return [paragraph(LEGEND), *parts] if parts else []


def _figure(heard: Heard, title: str) -> "Figure":
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    lanes = len(heard.labels)
    heights = [120.0, 150.0, 24.0 * lanes + 20]
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.03, row_heights=heights)
    step = heard.seconds / heard.levels.shape[1]
    figure.add_trace(
        go.Heatmap(z=heard.levels, x0=step / 2, dx=step, colorscale="Magma", showscale=False, hoverinfo="skip"), 1, 1
    )
    figure.add_traces(_probabilities(heard), rows=2, cols=1)
    rows = (heard.truth, "there", 0.2, THERE), (heard.detections, "detected", -0.2, DETECTED)
    for events, name, place, colour in rows:
        figure.add_trace(_bars(events, heard.labels, name, place, colour), 3, 1)
    figure.update_yaxes(showticklabels=False, title="log-mel", row=1)
    figure.update_yaxes(range=[0, 1.04], title="probability", row=2)
    figure.update_yaxes(tickvals=list(range(lanes)), ticktext=[*map(in_figure, heard.labels)], row=3)
    figure.update_yaxes(range=[lanes - 0.5, -0.5], row=3)
    figure.update_xaxes(range=[0, heard.seconds]).update_xaxes(title="seconds", row=3)
    return figure.update_layout(
        title=title,
        template="simple_white",
        height=round(sum(heights)) + 180,
        barmode="overlay",
        legend={"orientation": "h", "y": -0.2},
        margin={"l": 60, "r": 20, "t": 70, "b": 60},  # a title of two lines, the second below the buttons on a phone
    )


def _probabilities(heard: Heard) -> list[Any]:
    """A line per event, and its threshold."""
    import plotly.graph_objects as go

    probability = np.array(heard.probability)
    middle = (np.arange(len(probability)) + 0.5) * heard.frame_seconds
    lines = list[Any]()
    for column, (label, threshold) in enumerate(zip(heard.labels, heard.thresholds, strict=True)):
        style = {"color": COLOURS[column % len(COLOURS)], "width": 1.5, "shape": "hvh"}
        name = in_figure(label)
        shown = f"{name}: %{{y:.2f}} at %{{x:.2f}} s<extra></extra>"
        group = {"name": name, "legendgroup": name}
        lines.append(
            go.Scatter(x=middle, y=probability[:, column], line=style, mode="lines", hovertemplate=shown, **group)
        )
        line = {"color": style["color"], "width": 1, "dash": "dot"}
        ends = {"x": [0, heard.seconds], "y": [threshold] * 2}
        lines.append(go.Scatter(**ends, line=line, mode="lines", showlegend=False, hoverinfo="skip", **group))
    return lines


def _bars(events: Sequence[Event], labels: Sequence[str], name: str, place: float, colour: str) -> Any:
    """A bar per event in its label's lane; `place` is above or below the lane's middle."""
    import plotly.graph_objects as go

    return go.Bar(
        base=[event.onset for event in events],
        x=[event.offset - event.onset for event in events],
        y=[labels.index(event.event_label) - place for event in events],
        customdata=[(in_figure(event.event_label), event.onset, event.offset) for event in events],
        width=0.36,
        orientation="h",
        marker={"color": colour},
        name=name,
        hovertemplate=f"%{{customdata[0]}} {name}: %{{customdata[1]:.2f}} to %{{customdata[2]:.2f}} s<extra></extra>",
    )

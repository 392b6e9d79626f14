"""The front as an interactive figure that needs no network."""

from collections.abc import Sequence

from search.front import Member, front
from search.objectives import QUALITY, Objectives

UNITS = {
    "macs": "MACs per second of audio",
    "params": "parameters",
    "bytes": "bytes",
    "latency": "ms per second of audio",
}


def pareto_html(members: Sequence[Member], objectives: Objectives, title: str) -> str:
    """A self-contained page: every finished trial, the front as a line, and the trial's settings under the pointer."""
    return pareto_figure(members, objectives, title).to_html(include_plotlyjs=True, full_html=True)


def pareto_figure(members: Sequence[Member], objectives: Objectives, title: str):
    import plotly.graph_objects as go

    cost, quality = objectives.cost, objectives.quality
    on_front = front(members, objectives)
    numbers = {m.number for m in on_front}
    rest = [m for m in members if m.number not in numbers]
    figure = go.Figure()
    for name, shown, style in (
        ("other trials", rest, {"mode": "markers", "marker": {"size": 7, "color": "#9aa5b1"}}),
        ("front", on_front, {"mode": "lines+markers", "marker": {"size": 11, "color": "#d1495b"}, "line_shape": "hv"}),
    ):
        figure.add_scatter(
            name=name,
            x=[m.measure(cost) for m in shown],
            y=[m.measure(quality) for m in shown],
            hovertext=[_hover(m, objectives) for m in shown],
            hoverinfo="text",
            **style,
        )
    figure.update_layout(
        title=title,
        template="simple_white",
        xaxis={"title": UNITS[cost], "type": "log"},
        yaxis={"title": f"{quality} (validation)"},
        hovermode="closest",
    )
    return figure


def _hover(member: Member, objectives: Objectives) -> str:
    lines = [f"<b>trial {member.number}</b>" + (f" ({member.record['control']})" if member.record["control"] else "")]
    for name in objectives.names:
        value = member.measure(name)
        lines.append(f"{name}: {value:.3f}" if name in QUALITY else f"{name}: {value:,.4g}")
    lines += [f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}"
              for key, value in member.record["configuration"].items()]  # fmt: skip
    return "<br>".join(lines)

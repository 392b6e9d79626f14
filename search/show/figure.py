"""The front as an interactive figure that needs no network."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.show.figure_text import in_figure
from search.show.words import human, measure_words, strategy_words, student_words
from search.study.objectives import TABLE, Objectives
from search.study.records import FinishedTrial, StoppedTrial

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RED, BLUE, GREY = "#c0304a", "#005f9e", "#7a8794"
TICKS = [digit * 10.0**power for power in range(-2, 10) for digit in (1, 2, 5)]
HEIGHT = 480  # pixels of one pair of objectives
WEBGL_FROM = 2000  # with more trials beside the front WebGL draws all, and the hover text of those is short
# Of plotly's buttons those that stay on the page; another offers to send the chart to a cloud.
PLAIN = {"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]]}


def pareto_html(
    members: Sequence[FinishedTrial], objectives: Objectives, title: str, stopped: Sequence[StoppedTrial] = ()
) -> str:
    """A self-contained page: every finished trial, the front, and the trial's settings under the pointer."""
    figure = pareto_figure(members, objectives, stopped).update_layout(title=in_figure(title))
    return figure.to_html(include_plotlyjs=True, full_html=True, config=PLAIN, default_height=figure.layout.height)


def pareto_figure(
    members: Sequence[FinishedTrial], objectives: Objectives, stopped: Sequence[StoppedTrial] = ()
) -> "Figure":
    """Quality over cost, one panel for each pair of them. `stopped` trials ended early, with a `score` and a `rung`."""
    from plotly.subplots import make_subplots

    both = pairs(objectives)
    figure = make_subplots(rows=len(both), cols=1, vertical_spacing=0.16 / len(both))
    for row, (quality, cost) in enumerate(both, 1):
        for trace in [_early(stopped, objectives, cost), *_traces(members, objectives, quality, cost)]:
            figure.add_trace(trace.update(showlegend=row == 1), row=row, col=1)
        figure.update_xaxes(
            title=TABLE[cost].axis, type="log", tickvals=TICKS, ticktext=[human(tick) for tick in TICKS], row=row, col=1
        )
        heights = [*(m.measure(quality) for m in members), *(m.record.score for m in stopped)]
        figure.update_yaxes(title=f"{TABLE[quality].axis} (validation)", range=score_range(heights), row=row, col=1)
    return figure.update_layout(
        template="simple_white",
        height=HEIGHT * len(both),
        hovermode="closest",
        hoverlabel={"align": "left"},
        legend={"orientation": "h", "itemsizing": "constant", "y": 1, "yanchor": "bottom", "x": 0},
        margin={"l": 60, "r": 30, "b": 60},
    )


def score_range(scores: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis of these scores goes: with some room, and never below 0 or beyond 1."""
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    room = max(0.12 * (high - low), 0.05)
    return max(low - room, 0.0), min(high + room, 1.0)


def pairs(objectives: Objectives) -> list[tuple[str, str]]:
    """Every quality with every cost among the objectives."""
    return [(q, c) for q in objectives.qualities for c in objectives.costs]


def _traces(members: Sequence[FinishedTrial], objectives: Objectives, quality: str, cost: str) -> list[Any]:
    """The other trials, the controls among them, and the front, which lies on top."""
    import plotly.graph_objects as go

    on_front = front(members, objectives)
    picks = picks_of(on_front, objectives)
    numbers = {m.number for m in on_front}
    controls = [m for m in members if m.number not in numbers and m.record.control]
    rest = [m for m in members if m.number not in numbers and not m.record.control]
    many = len(rest) > WEBGL_FROM
    scatter = go.Scattergl if many else go.Scatter

    def points(name: str, shown: Sequence[FinishedTrial], brief: bool = False) -> dict[str, Any]:
        heights = [m.measure(quality) for m in shown]
        return _points(name, [m.measure(cost) for m in shown], heights, [_hover(m, objectives, brief) for m in shown])

    # A staircase is the front's edge in two objectives alone.
    staircase = len(objectives.names) == 2
    line = {"mode": "lines+markers+text", "line_shape": "hv"} if staircase else {"mode": "markers+text"}
    return [
        scatter(points("other trials", rest, many), mode="markers", marker=_grey(many)),
        scatter(points("controls", controls), mode="markers", marker=_marker(9, BLUE, controls)),
        scatter(
            points("front", on_front),
            marker=_marker(11, RED, on_front),
            text=[" ".join(picks.get(m.number, ())) for m in on_front],
            textposition="top center",
            **({} if many else {"cliponaxis": False}),
            **line,
        ),
    ]


def _early(stopped: Sequence[StoppedTrial], objectives: Objectives, cost: str) -> Any:
    """The trials that ended early, at the score that they had then."""
    import plotly.graph_objects as go

    many = len(stopped) > WEBGL_FROM
    hover = [_hover(m, objectives, many) for m in stopped]
    points = _points("ended early", [m.measures[cost] for m in stopped], [m.record.score for m in stopped], hover)
    marker = {**_grey(many), "symbol": "x-thin-open"}
    return (go.Scattergl if many else go.Scatter)(points, mode="markers", marker=marker)


def _points(name: str, across: Sequence[float], up: Sequence[float], hover: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "legendgroup": name, "x": across, "y": up, "hovertext": hover, "hoverinfo": "text"}


def _grey(many: bool) -> dict[str, Any]:
    return {"color": GREY, **({"size": 3, "opacity": 0.4} if many else {"size": 7, "opacity": 0.7})}


def _marker(size: int, colour: str, shown: Sequence[FinishedTrial]) -> dict[str, Any]:
    return {"size": size, "color": colour, "symbol": ["diamond" if m.record.control else "circle" for m in shown]}


def _hover(member: FinishedTrial | StoppedTrial, objectives: Objectives, brief: bool) -> str:
    configuration, control = member.record.configuration, member.record.control
    lines = [f"<b>trial {member.number}</b>" + (f" ({in_figure(control)})" if control else "")]
    if isinstance(member, StoppedTrial):
        lines.append(in_figure(f"ended early at {member.record.rung}: {member.record.score:.3f}"))
    for name, value in member.measures.items():
        if name in objectives.names:
            lines.append(f"{name}: {measure_words(name, value)}")
    return "<br>".join(lines + ([_words(configuration)] if brief else _settings(configuration)))


def _words(configuration: Mapping[str, Any]) -> str:
    return in_figure(f"{student_words(configuration)}, {strategy_words(configuration)}")


def _settings(configuration: Mapping[str, Any]) -> list[str]:
    return [in_figure(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")
            for key, value in configuration.items()]  # fmt: skip

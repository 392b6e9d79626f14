"""Precision over recall, and misses over false alarms (DET), of each event by the picked students."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.show.figure_text import in_figure
from search.show.page.drawing import drawn
from search.show.page.findings import Findings
from search.show.page.markup import Html, paragraph
from search.study.trial_files import CURVES
from sedkd.score.curves import Curve, Point

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 420
COLOURS = ("#005f9e", "#c0304a", "#2f7d32", "#a05a00", "#6a3d9a", "#00838f", "#8a6d00", "#ad1457", "#455a64", "#5d4037")


def curves(found: Findings) -> list[str]:
    """A figure for each pick whose curves were kept, and how to read them."""
    parts, hours = list[str](), 0.0
    for number, title, kept in found.of_picks(CURVES):
        if any(curve.events for curve in kept.values()):
            hours = next(iter(kept.values())).hours
            parts.append(_pair(kept, title, f"curves-{number}"))
    return [paragraph(_legend(hours)), *parts] if parts else []


def _legend(hours: float) -> str:
    return (
        f"Per event and threshold on validation and, where there are any, recordings without events ({hours:.3g} "
        "hours): precision over recall, and missed events over false alarms per hour. Detections are matched with "
        "event-based collars; circles are the thresholds that were chosen."
    )


def _pair(kept: Mapping[str, Curve], title: str, name: str) -> Html:
    precision = _figure(kept, lambda curve: curve.precision, title)
    precision.update_xaxes(title="recall", range=[0, 1.02]).update_yaxes(title="precision", range=[0, 1.04])
    misses = _figure(kept, lambda curve: curve.misses, title)
    misses.update_xaxes(title="false alarms per hour", type="log")
    misses.update_yaxes(title="missed events", range=[0, 1.04], tickformat=".0%")
    return Html(f'<div class="pair">{drawn(precision, f"{name}-precision")}{drawn(misses, f"{name}-misses")}</div>')


def _figure(kept: Mapping[str, Curve], points: Callable[[Curve], list[Point]], title: str) -> "Figure":
    present = [(label, curve) for label, curve in kept.items() if curve.events]
    lines = [_line(label, curve, points(curve), number) for number, (label, curve) in enumerate(present)]
    return laid_out(lines, title)


def laid_out(lines: Sequence[Any], title: str) -> "Figure":
    """A figure of lines, one per event, with their names below."""
    import plotly.graph_objects as go

    return go.Figure(lines).update_layout(
        title=title,
        template="simple_white",
        height=HEIGHT,
        showlegend=True,
        legend={"orientation": "h", "y": -0.25},
        margin={"l": 60, "r": 20, "t": 50, "b": 60},
    )


def _line(label: str, curve: Curve, points: list[Point], number: int) -> Any:
    import plotly.graph_objects as go

    sizes = [9 if curve.is_chosen(t) else 0 for *_, t in points]
    colour = COLOURS[number % len(COLOURS)]
    return go.Scatter(
        x=[x for x, *_ in points],
        y=[y for _, y, _ in points],
        customdata=[t for *_, t in points],
        mode="lines+markers",
        line={"color": colour, "dash": "solid" if number < len(COLOURS) else "dot"},
        marker={"size": sizes, "color": colour},
        name=in_figure(label),
        hovertemplate=f"{in_figure(label)}: %{{x:.3g}}, %{{y:.3g}} at threshold %{{customdata:g}}<extra></extra>",
    )

"""How the search went: hypervolume over trials and over hours, and which dimensions matter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.pareto.gain import Gain
from search.pareto.importance import MIN_TRIALS, importances
from search.show.figure import RED
from search.show.page.findings import Findings
from search.show.page.markup import bar, paragraph, table

if TYPE_CHECKING:
    import optuna
    from plotly.graph_objects import Figure

PAUSE = 300.0  # seconds without any trial after which the search is taken to have stood still


def hypervolume_figures(found: Findings) -> "list[Figure]":
    """The hypervolume over finished trials, and over the hours of search."""
    volumes = Gain(found.objectives).look(found.members).volumes
    ended = [t for t in found.study.optuna.get_trials(deepcopy=False) if t.datetime_start and t.datetime_complete]
    hours = busy_hours(ended)
    timed = sorted((hours[m.number], v) for m, v in zip(found.members, volumes, strict=True) if m.number in hours)
    return [
        _steps("finished trials", range(1, len(volumes) + 1), volumes),
        _steps("hours of search, without pauses", [hour for hour, _ in timed], [volume for _, volume in timed]),
    ]


def busy_hours(trials: "Sequence[optuna.trial.FrozenTrial]") -> dict[int, float]:
    """Hours from the first start to each trial's end, less the pauses."""
    spans = sorted((t.datetime_start.timestamp(), t.datetime_complete.timestamp(), t.number)
                   for t in trials if t.datetime_start and t.datetime_complete)  # fmt: skip
    result: dict[int, float] = {}
    paused, until = 0.0, spans[0][0] if spans else 0.0
    for start, end, number in spans:
        if start - until > PAUSE:
            paused += start - until
        until = max(until, end)
        result[number] = (end - spans[0][0] - paused) / 3600
    return result


def importance_parts(found: Findings) -> list[str]:
    """The table of importances, and the dimensions of which too little is known."""
    every = importances(found.study, [member for member in found.members if member.record.continues is None])
    if not every:
        return [paragraph(f"Importances are told from {MIN_TRIALS} finished trials on.")]
    rows = [[i.name, bar(i.front), bar(i.quality), i.drawn] for i in every if not i.rare]
    head = ["dimension", "for the front", f"for {found.objectives.quality}", "trials that drew it"]
    parts = [table("Importance of each dimension (PED-ANOVA)", head, rows)]
    rare = ", ".join(f"{i.name} ({i.drawn})" for i in every if i.rare)
    if rare:
        parts.append(paragraph(f"Drawn by fewer than a third of the trials, too rarely to tell: {rare}."))
    return parts


def _steps(what: str, across: Sequence[float], volumes: Sequence[float]) -> "Figure":
    import plotly.graph_objects as go

    last = len(volumes) - 1
    kept = [i for i, volume in enumerate(volumes) if i in (0, last) or volume != volumes[i - 1]]
    line = go.Scatter(
        x=[across[i] for i in kept],
        y=[volumes[i] for i in kept],
        mode="lines",
        line={"shape": "hv", "color": RED},
        hovertemplate="%{y:.3f} at %{x:.4~g}<extra></extra>",
    )
    return go.Figure(line).update_layout(
        template="simple_white",
        height=300,
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        xaxis={"title": what},
        yaxis={"title": "hypervolume"},
    )

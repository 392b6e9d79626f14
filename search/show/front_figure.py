"""The front as a picture, for papers: what `search.show.figure` draws for a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.show.figure import BLUE, GREY, RED, TICKS, pairs, score_range
from search.show.words import human
from search.study.objectives import TABLE, Objectives
from search.study.records import FinishedTrial
from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".png", ".svg")


def front_picture(members: Sequence[FinishedTrial], objectives: Objectives, title: str, out: Path) -> None:
    """Write a panel for each pair of quality and cost to `out`, as its name ends.

    Raises:
        UserError: the name ends in neither .png nor .svg, or it cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    if out.suffix.lower() not in KINDS:
        raise UserError(f"{out}: the name of a picture must end in {' or '.join(KINDS)}")
    both = pairs(objectives)
    figure = Figure(figsize=(8, 4.2 * len(both)), layout="constrained")
    for axes, (quality, cost) in zip(figure.subplots(len(both), squeeze=False)[:, 0], both, strict=True):
        _panel(axes, members, objectives, quality, cost)
    figure.suptitle(title, fontsize=10, parse_math=False)
    form = out.suffix.lower()[1:]
    try:
        with written_atomically(out) as temporary, matplotlib.rc_context({"svg.fonttype": "none"}):
            figure.savefig(temporary, format=form, dpi=120, metadata={"Date": None} if form == "svg" else None)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another place") from error


def _panel(axes: "Axes", members: Sequence[FinishedTrial], objectives: Objectives, quality: str, cost: str) -> None:
    on_front = front(members, objectives)
    numbers, picks = {m.number for m in on_front}, picks_of(on_front, objectives)
    rest = [m for m in members if m.number not in numbers]

    def places(shown: Sequence[FinishedTrial]) -> tuple[list[float], list[float]]:
        return [m.measure(cost) for m in shown], [m.measure(quality) for m in shown]

    for name, colour, mark, shown in (
        ("other trials", GREY, "o", [m for m in rest if not m.record.control]),
        ("controls", BLUE, "D", [m for m in rest if m.record.control]),
    ):
        axes.plot(*places(shown), mark, color=colour, markersize=4, alpha=0.7, label=name)
    # A staircase is the front's edge in two objectives alone.
    line = "-" if len(objectives.names) == 2 else ""
    axes.plot(*places(on_front), f"o{line}", drawstyle="steps-post", color=RED, markersize=6, label="front")
    for member in on_front:
        words = " ".join(picks.get(member.number, ()))
        place = (member.measure(cost), member.measure(quality))
        axes.annotate(words, place, (0, 8), textcoords="offset points", ha="center", fontsize=9, color=RED)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [human(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(*score_range([m.measure(quality) for m in members]))
    axes.set(xlabel=TABLE[cost].axis, ylabel=f"{TABLE[quality].axis} (validation)")
    axes.grid(color="#e3e7eb", linewidth=0.6)
    axes.legend(loc="lower right", fontsize=8, frameon=False)

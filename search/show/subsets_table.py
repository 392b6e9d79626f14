"""What a student for some of an environment's events is worth beside one for all of them, at the same cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.show.tables import score_words
from search.show.words import measure_words
from search.study.objectives import TABLE
from search.study.records import FinishedTrial
from search.study.view import StudyView

if TYPE_CHECKING:
    from rich.table import Table

MORE_LABELS = 1.02  # times the cost of a student for fewer events: what more outputs of one architecture take at most
MATERIAL = ("recordings or their annotations", "teacher", "negatives")  # parts of what a study is
Split = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Beside:
    """A picked student of a subset's front, and of the front for all events the best on that subset which costs as much
    at most, but for its further outputs (`MORE_LABELS`); None where all of those cost more."""

    study: StudyView
    picks: Sequence[str]
    own: FinishedTrial
    other: FinishedTrial | None


def wider(study: StudyView, studies: Sequence[StudyView]) -> StudyView | None:
    """Of `studies`, one that listens for all that this one does and more, in the same recordings by the same F1 and
    with as many steps, trained by the same version's ways; the first one. None of a quality that is none of an event
    alone, such as PSDS."""
    if TABLE[study.objectives.quality].is_psds:
        return None
    for other in studies:
        alike = all(other.facts[name] == study.facts[name] for name in ("environment", "data", "train"))
        alike = alike and all(_part(other, name) == _part(study, name) for name in MATERIAL)
        alike = alike and other.training == study.training
        if alike and set(other.facts["events"]) > set(study.facts["events"]) and other.objectives == study.objectives:
            return other
    return None


def _part(study: StudyView, name: str) -> Any:
    return study.facts.get("parts", {}).get(name)


def beside(study: StudyView, every: StudyView) -> list[Beside]:
    """The picked students of a subset's study, from the cheapest on, beside those of the study of all events."""
    objectives = study.objectives
    own, others = (front(one.finished(), objectives) for one in (study, every))
    picks = picks_of(own, objectives)
    found = []
    for member in own:
        if member.number in picks:
            most = MORE_LABELS * member.measure(objectives.cost)
            within = [other for other in others if other.measure(objectives.cost) <= most]
            best = max(within, key=lambda m: _on(study, m.record.per_class) or 0.0, default=None)
            found.append(Beside(study, picks[member.number], member, best))
    return found


def subsets_table(rows: Sequence[Beside], wide: Mapping[str, StudyView]) -> "Table":
    """`wide`: by the name of a subset's study, the one of all events."""
    from rich.table import Table

    table = Table(title="students for fewer events, and those for all events on the same events, at most 2 % dearer",
                  title_justify="left", header_style="bold", pad_edge=False)  # fmt: skip
    cost = TABLE[rows[0].study.objectives.cost].heading if rows else ""
    for head in ("study", "pick", cost, "validation", "test", f"for all events:\n{cost}", "validation", "test"):
        table.add_column(head, no_wrap=True)
    for row in rows:
        objectives, every = row.study.objectives, wide[row.study.name]
        test = row.study.test_scores(row.own.number)
        cells = [row.study.name, " ".join(row.picks), measure_words(objectives.cost, row.own.measure(objectives.cost))]
        cells += [f"{row.own.measure(objectives.quality):.3f}"]
        cells += [score_words(test.values[objectives.quality] if test else None)]
        if row.other is None:
            cells += ["none as cheap", "-", "-"]
        else:
            tested = every.test_scores(row.other.number)
            cells += [measure_words(objectives.cost, row.other.measure(objectives.cost))]
            cells += [score_words(_on(row.study, row.other.record.per_class))]
            cells += [score_words(_on(row.study, tested.per_class) if tested else None)]
        table.add_row(*cells)
    return table


def _on(study: StudyView, per_class: Split) -> float | None:
    """The mean over a study's events of what a student for more of them scores on each."""
    found = [per_class.get(event, {}).get(study.objectives.quality) for event in study.facts["events"]]
    there = [score for score in found if score is not None]
    return mean(there) if there else None

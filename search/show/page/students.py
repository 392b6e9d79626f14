"""Tables of students: the front, the controls, scores and costs, settings, F1 per class."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.pareto.rungs import students
from search.show.page.findings import Findings
from search.show.page.markup import table
from search.show.words import human, measure_words, strategy_words, student_words
from search.study.eight_bits import quantises
from search.study.objectives import TABLE, costs, qualities
from search.study.records import FinishedTrial
from search.study.scores import Confirmed, SplitScores

INT8_SPLITS = (("validation", ""), ("test", "test_"))  # and what stands before a score's name


def front_html(found: Findings) -> str:
    """The front from the cheapest to the most expensive, with what is known of each score."""
    asked = found.objectives
    again = [f"{q}, new seeds" for q in asked.qualities] + ["note"] if found.confirmed else []
    heads = [TABLE[c].heading for c in asked.costs]
    head = ["trial", "pick", *_splits(asked.qualities), *again, *heads, "student", "strategy"]
    rows = [
        [
            m.number,
            " ".join(found.picks.get(m.number, ())),
            *_scores(m, found.tests.get(m.number), asked.qualities),
            *(_confirmed(found.confirmed.get(m.number), asked.qualities) if found.confirmed else ()),
            *(_cost(m, c) for c in asked.costs),
            *_words(m),
        ]
        for m in found.on_front
    ]
    return table("The front, from the cheapest student to the most expensive", head, rows)


def controls_table(found: Findings) -> str:
    """The trials that every study begins with; nothing where there are none."""
    quality, cost = found.objectives.quality, found.objectives.cost
    numbers = {m.number for m in found.on_front}
    rows = [
        [
            m.record.control,
            m.number,
            *_scores(m, found.tests.get(m.number), [quality]),
            _cost(m, cost),
            *_words(m),
            m.record.steps,
            "yes" if m.number in numbers else "no",
        ]
        for m in students(found.members)
        if m.record.control
    ]
    head = [
        "control",
        "trial",
        *_splits([quality]),
        TABLE[cost].heading,
        "student",
        "strategy",
        "steps",
        "on the front",
    ]
    return table("Trials that do not depend on the search", head, rows) if rows else ""


def measures_table(found: Findings) -> str:
    """Every score and every cost of the front."""
    tests = [found.tests[m.number].values if m.number in found.tests else {} for m in found.on_front]
    measured: list[Mapping[str, float | None]] = [m.measures for m in found.on_front]
    splits = (("validation", measured), ("test", tests))
    columns = {
        f"{q} {split}": [_score(values.get(q)) for values in every]
        for q in qualities()
        for split, every in splits
        if any(q in values for values in every)  # one that cannot be computed is there, as a dash
    }
    alarms = {
        f"false alarms/h {split}": [_rate(values.get("fa_per_hour")) for values in every] for split, every in splits
    }
    columns |= {head: cells for head, cells in alarms.items() if any(cells)}
    priced = {TABLE[c].heading: [_cost(m, c) for m in found.on_front] for c in costs()}
    columns |= {head: cells for head, cells in priced.items() if any(cells)}
    rows = list(zip((m.number for m in found.on_front), *columns.values(), strict=True))
    return table("All scores and costs of the front", ["trial", *columns], rows)


def int8_table(found: Findings) -> str:
    """What the front's students score and cost in eight bits; nothing where none was measured."""
    measured = [found.eights[m.number].measures if m.number in found.eights else {} for m in found.on_front]
    columns = {f"{q} {split}": (f"int8_{part}{q}", q) for q in qualities() for split, part in INT8_SPLITS}
    columns |= {TABLE[c].heading: (f"int8_{c}", c) for c in ("bytes", "latency")}
    shown = {head: names for head, names in columns.items() if any(names[0] in values for values in measured)}
    rows = []
    for member, values in zip(found.on_front, measured, strict=True):
        lack = None if quantises(member.record.configuration) else "none"
        cells = [(values.get(name), of) for name, of in shown.values()]
        rows.append([member.number, *(lack if v is None else measure_words(of, v) for v, of in cells)])
    return table("The front in eight bits (int8.onnx)", ["trial", *shown], rows) if shown else ""


def settings_table(found: Findings) -> str:
    """The configuration of each front member, a column a trial."""
    names = list(dict.fromkeys(name for m in found.on_front for name in m.record.configuration))
    rows = [[name, *(_setting(m.record.configuration, name) for m in found.on_front)] for name in names]
    return table("All settings of the front", ["", *(f"trial {m.number}" for m in found.on_front)], rows)


def classes_tables(found: Findings) -> list[str]:
    """F1 of each event by the teacher and by the picked students, on validation and, where it was opened, on test."""
    criterion = found.objectives.criterion
    picked = [m for m in found.on_front if m.number in found.picks]
    names = [f"{' '.join(found.picks[m.number])} (trial {m.number})" for m in picked]
    result = []
    for split in ("validation", "test"):
        columns = [_per_class(found, m, split) for m in picked]
        if not any(columns):
            continue
        teacher = found.teacher[split].per_class if split in found.teacher else {}
        rows = [[event, *(_score(c.get(event, {}).get(criterion)) for c in (teacher, *columns))]
                for event in found.facts["events"]]  # fmt: skip
        result.append(table(f"{criterion} per event on {split}", ["event", "teacher", *names], rows))
    return result


def _per_class(found: Findings, member: FinishedTrial, split: str) -> Mapping[str, Mapping[str, float | None]]:
    if split == "validation":
        return member.record.per_class
    return found.tests[member.number].per_class if member.number in found.tests else {}


def _splits(qualities: Sequence[str]) -> list[str]:
    return [f"{quality} {split}" for quality in qualities for split in ("validation", "test")]


def _scores(member: FinishedTrial, test: SplitScores | None, qualities: Sequence[str]) -> list[str | None]:
    return [_score(values.get(q)) for q in qualities for values in (member.measures, test.values if test else {})]


def _score(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _rate(value: float | None) -> str | None:
    return None if value is None else human(value)


def _confirmed(confirmed: Confirmed | None, qualities: Sequence[str]) -> list[str | None]:
    if confirmed is None:
        return [None] * (len(qualities) + 1)
    means = [
        f"{confirmed.values[q]:.3f} [{confirmed.low[q]:.3f}, {confirmed.high[q]:.3f}], {confirmed.seeds} seeds"
        if q in confirmed.values
        else None
        for q in qualities
    ]
    cheaper = confirmed.indistinguishable_from
    return [*means, "" if cheaper is None else f"not distinguishable from trial {cheaper} (cheaper)"]


def _cost(member: FinishedTrial, name: str) -> str | None:
    value = member.measures.get(name)
    return None if value is None else measure_words(name, value)


def _words(member: FinishedTrial) -> list[str]:
    return [student_words(member.record.configuration), strategy_words(member.record.configuration)]


def _setting(configuration: Mapping[str, Any], name: str) -> str | None:
    value = configuration.get(name)
    return None if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)

"""Score the trained arms on test, once, and say which is better: plain numbers that JSON can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.compare.arms import AWARE
from sedkd.compare.bootstrap import UNTOLD, Comparison, Difference, compare, f1
from sedkd.compare.choice import are_told_apart, judges, tuning_seeds
from sedkd.compare.scoring import METRICS, scored
from sedkd.compare.training import Trained
from sedkd.compare.tries import recipe_words
from sedkd.cost.summary import cost_of
from sedkd.data.sealed import opened_test
from sedkd.progress import Counter
from sedkd.score.postprocess import tune
from sedkd.score.summary import Scores
from sedkd.task.task import Task
from sedkd.teach.teacher import Teacher
from sedkd.trial.configuration import Configuration


def on_test(
    task: Task, trained: Sequence[Trained], seeds: int, criterion: str, record: Path, progress: Counter | None = None
) -> dict[str, Any]:
    """Everything a comparison has to tell.

    Keys: `teachers` and `arms` (what each chose and tried, whether its finalists differ by more than their seeds do,
    scores as mean and standard deviation over seeds), `tuning`
    (how many recordings of validation hold each event, how many seeds judge a finalist), `pairs` (per pair of arms and
    metric the difference, its interval and verdict, also per class). The decisions are written to `record` before the
    test split is opened, for this one pass.
    """
    teachers = _teachers(task, trained)
    posts = {
        name: tune(task.teacher_answers(task.validation, teacher), criterion) for name, teacher in teachers.items()
    }
    decisions = {
        "arms": {t.arm.name: _told_of(t.chosen) | {"post": [r["post"] for r in t.records]} for t in trained},
        "teachers": {name: asdict(post) for name, post in posts.items()},
    }
    with opened_test(decisions, record):
        test = task.split(task.pool.test(task.environment.name))
        systems = [(task.teacher_answers(test, teacher), posts[name]) for name, teacher in teachers.items()]
        for arm in trained:
            systems += [(test.answers(arm.student(seed).to(task.device)), arm.post(seed)) for seed in range(seeds)]
        found = []
        for one in scored(systems):
            found.append(one)
            if progress:
                progress(len(found), len(systems))
    taught = [
        _teacher(name, teacher, one.scores) for (name, teacher), one in zip(teachers.items(), found, strict=False)
    ]
    counts: dict[str, dict[str, np.ndarray]] = {}
    rows: list[dict[str, Any]] = []
    for place, arm in enumerate(trained):
        first = len(teachers) + place * seeds
        own = found[first : first + seeds]
        counts[arm.arm.name] = {m: np.stack([one.counts[m] for one in own]) for m in METRICS}
        rows.append(_row(arm, [dict(one.scores.values) for one in own], counts[arm.arm.name], task.events))
    return {
        "events": list(task.events),
        "recordings": len(test.recordings),
        "tuning": {"recordings": judges(task), "seeds": len(tuning_seeds(task))},
        "support": {label: int(n) for label, n in found[0].scores.support.items()},
        "teachers": taught,
        "arms": rows,
        "pairs": [_pair(counts, *_order(a, b), task.events) for a, b in combinations(counts, 2)],
    }


def _teacher(name: str, teacher: Teacher, found: Scores) -> dict[str, Any]:
    return {
        "name": name,
        "origin": teacher.origin,
        "values": dict(found.values),
        "per_class": _plain(found.per_class),
        "cost": asdict(cost_of(teacher.model)),
    }


def _order(first: str, second: str) -> tuple[str, str]:
    """Which of two arms the other is taken from: the later one from `aware`, else the earlier one from the later."""
    return (first, second) if first == AWARE else (second, first)


def _teachers(task: Task, trained: Sequence[Trained]) -> dict[str, Teacher]:
    """The general teacher and, where an arm tried it, the adapted one."""
    found = {"teacher": task.teacher}
    tried = [configuration.taught_by for t in trained for configuration in t.arm.tries]
    if any(settings and settings.adaptation == "adapted" for settings in tried):
        found["teacher, adapted"] = task.adapted(task.teacher)
    return found


def _row(
    trained: Trained,
    values: Sequence[Mapping[str, float | None]],
    counts: Mapping[str, np.ndarray],
    events: Sequence[str],
) -> dict[str, Any]:
    configuration = trained.chosen
    per_class = {m: f1(counts[m].sum(1)) for m in METRICS}  # [seeds, labels]
    return {
        "name": trained.arm.name,
        "strategy": configuration.strategy,
        "teacher": asdict(configuration.teacher) if configuration.taught_by else None,
        "unlabeled_share": configuration.train.unlabeled_share,
        "foreign_share": configuration.train.foreign_share,
        **_told_of(configuration),
        "tries": [
            _told_of(one.configuration) | {"seeds": list(one.scores), "validation": one.mean} for one in trained.tried
        ],
        "told_apart": are_told_apart(trained.tried),
        "validation": _over_seeds([r["validation"] for r in trained.records]),
        "test": _over_seeds(values),
        "per_class": {
            label: {m: _number(float(per_class[m][:, c].mean())) for m in METRICS} for c, label in enumerate(events)
        },
        "cost": trained.records[0]["cost"]
        | {"latency": float(np.median([r["cost"]["latency"] for r in trained.records]))},
        "seconds": sum(r["seconds"] for r in trained.records),
    }


def _told_of(configuration: Configuration) -> dict[str, Any]:
    """What tells one try of an arm from the others."""
    train = configuration.train
    return {
        "recipe": recipe_words(configuration),
        "rate": train.learning_rate,
        "mixture": train.mixture,
        "steps": train.steps,
    }


def _over_seeds(values: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Any]]:
    """Mean, standard deviation (of the sample; 0 with one seed) and each seed's value of every score; None and no value
    for one that cannot be computed."""
    found: dict[str, dict[str, Any]] = {}
    for name in values[0]:
        column = [v[name] for v in values]
        known = [float(value) for value in column if value is not None]
        if len(known) < len(column):
            found[name] = {"mean": None, "sd": None, "seeds": []}
            continue
        spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
        found[name] = {"mean": float(np.mean(known)), "sd": spread, "seeds": known}
    return found


def _pair(counts: Mapping[str, Mapping[str, np.ndarray]], a: str, b: str, events: Sequence[str]) -> dict[str, Any]:
    return {"a": a, "b": b} | {m: _told(compare(counts[a][m], counts[b][m]), events) for m in METRICS}


def _told(found: Comparison, events: Sequence[str]) -> dict[str, Any]:
    per_class = {label: _difference(d) if d else None for label, d in zip(events, found.per_class, strict=True)}
    return _difference(found.macro) | {"per_class": per_class}


def _difference(found: Difference | None) -> dict[str, Any]:
    if found is None:
        return {"mean": None, "low": None, "high": None, "verdict": UNTOLD}
    return asdict(found) | {"verdict": found.verdict}


def _plain(per_class: Mapping[str, Mapping[str, float | None]]) -> dict[str, dict[str, float | None]]:
    return {label: dict(scores) for label, scores in per_class.items()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value

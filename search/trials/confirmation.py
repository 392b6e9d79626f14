"""Front members trained again with new seeds: what a configuration is worth, not what one seed made of it.

A front is a choice of the best of many noisy scores, so its members' own scores flatter them. The means here are over
new seeds only, on validation; intervals and verdicts are those of the paired bootstrap of `sedkd.compare`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from search.setup.plan import Plan
from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from search.study.scores import CONFIRMED_FILE, Confirmed
from search.study.view import StudyView
from search.trials.failures import reason_of
from sedkd.compare.bootstrap import BETTER, WORSE, compare
from sedkd.compare.scoring import METRICS, counts_of
from sedkd.disk.json_file import write_json
from sedkd.disk.kept import kept, one_at_a_time
from sedkd.export.int8_student import hearing
from sedkd.progress import Progress, counting
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import TrialResult, run_trials

SEEDS = 3
FIRST_SEED = 20_000  # beyond those of a study's trials, and of a comparison's

Share = Callable[[Sequence[FinishedTrial]], None]
"""Called with the members that lack a new seed; may have other processes call `train_again` for some of them."""


def confirm(
    study: StudyView,
    plan: Plan,
    members: Sequence[FinishedTrial],
    most: int,
    progress: Progress | None = None,
    share: Share = lambda members: None,
) -> dict[int, str]:
    """Train the `most` best of the front again, each with three new seeds; what was trained is read from disk.

    Returns, by number, why those that failed with a new seed could not be confirmed.
    """
    quality, cost = plan.objectives.quality, plan.objectives.cost
    best = sorted(members, key=lambda m: -m.measure(quality))[:most]
    if left := [member for member in best if _missing(study, member)]:
        share(left)
    counts: dict[int, dict[str, np.ndarray]] = {}
    failed: dict[int, str] = {}
    for place, member in enumerate(best):
        folder = study.trial_folder(member.number)
        what = f"confirming trial {member.number} ({place + 1} of {len(best)})"
        try:
            runs = _counts(study, plan, member, _under(what, progress))
        except Exception as error:  # as in the search itself, one that fails must not keep the others
            failed[member.number] = reason_of(error, folder / "confirmed")
        else:
            counts[member.number] = _stacked(runs)
    chosen = {member.number for member in best}
    for member in members:  # those that an earlier search confirmed are judged beside them
        if member.number not in chosen and not _missing(study, member):
            best.append(member)
            counts[member.number] = _stacked([_read_counts(path) for path in _paths(study, member).values()])
    ordered = sorted((m for m in best if m.number in counts), key=lambda m: m.measure(cost))
    for place, member in enumerate(ordered):
        cheaper = [other for other in ordered[:place] if other.measure(cost) < member.measure(cost)]
        found = _summary(counts[member.number], _alike(member, cheaper, counts, plan.objectives))
        path = study.trial_folder(member.number) / CONFIRMED_FILE
        write_json(path, asdict(found))
        study.share(path)
    return failed


def _under(what: str, progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    listener = progress
    return lambda stage, done, total: listener(f"{what}: {stage}", done, total)


def _counts(
    study: StudyView, plan: Plan, member: FinishedTrial, progress: Progress | None
) -> list[dict[str, np.ndarray]]:
    """Per new seed and F1 the counts `[recordings, labels, 3]` of a student on validation: read, or made now."""
    train_again(study, plan, member, progress)
    return [_read_counts(path) for path in _paths(study, member).values()]


def _stacked(runs: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {metric: np.stack([run[metric] for run in runs]) for metric in METRICS}


def train_again(study: StudyView, plan: Plan, member: FinishedTrial, progress: Progress | None) -> None:
    """Train a member with each new seed that it lacks, in one step where that pays, and keep what each finds."""
    paths, lock = _paths(study, member), study.trial_folder(member.number) / ".confirming.lock"
    with one_at_a_time(lock, counting(progress, "waiting for another process")):
        missing = _missing(study, member)
        values, objectives = member.record.configuration, plan.objectives
        base = replace(plan.base, steps=member.record.steps or plan.base.steps)
        configurations = [from_flat(values, replace(base, seed=seed)) for seed in missing]

        def done(place: int, result: TrialResult | Exception) -> None:
            if isinstance(result, Exception):
                raise result
            hear = hearing(result.student.to(plan.task.device), plan.task.training.recordings, objectives.int8)
            answers = hear(plan.task.validation)
            found = {name: counts.tolist() for name, counts in counts_of(answers, result.post).items()}
            write_json(paths[missing[place]], found)
            study.share(paths[missing[place]])

        if missing:
            run_trials(
                configurations, plan.task, done, objectives.criterion, progress, objectives.most_alarms, objectives.int8
            )


def _paths(study: StudyView, member: FinishedTrial) -> dict[int, Path]:
    """Where the counts of each new seed lie."""
    folder = study.trial_folder(member.number)
    return {seed: folder / f"confirmed-{seed}.json" for seed in range(FIRST_SEED, FIRST_SEED + SEEDS)}


def _missing(study: StudyView, member: FinishedTrial) -> list[int]:
    """The new seeds that it was not trained with yet."""
    return [seed for seed, path in _paths(study, member).items() if kept(path, _read_counts) is None]


def _read_counts(path: Path) -> dict[str, np.ndarray]:
    found = json.loads(path.read_text())
    return {metric: np.array(found[metric], dtype=np.int64) for metric in METRICS}


def _alike(
    member: FinishedTrial,
    cheaper: Sequence[FinishedTrial],
    counts: dict[int, dict[str, np.ndarray]],
    objectives: Objectives,
) -> int | None:
    """The first of the cheaper ones that is not distinguishable from `member` by the F1 that was searched for."""
    metric = objectives.criterion
    for other in cheaper:
        difference = compare(counts[member.number][metric], counts[other.number][metric]).macro
        if difference is not None and difference.verdict not in (BETTER, WORSE):
            return other.number
    return None


def _summary(counts: dict[str, np.ndarray], alike: int | None) -> Confirmed:
    found: dict[str, Any] = {"values": {}, "low": {}, "high": {}}
    for metric in METRICS:
        nothing = counts[metric].copy()
        nothing[..., 0] = 0  # no hit: an F1 of 0, of which the difference is the F1 itself
        difference = compare(counts[metric], nothing).macro
        assert difference is not None  # nothing is searched for without events on validation
        found["values"][metric], found["low"][metric], found["high"][metric] = (
            difference.mean, max(difference.low, 0.0), difference.high,
        )  # fmt: skip
    return Confirmed(**found, seeds=SEEDS, indistinguishable_from=alike)

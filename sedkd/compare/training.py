"""Train the arms of a comparison: each chooses among its tries on validation, then one student per seed, all on disk.

What is finished is read again instead of being trained again, so an interrupted comparison goes on where it stopped.
A student is kept under what it is: one that two arms have in common is trained once, and judged by another F1 without
being trained again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sedkd.compare.arms import Arm
from sedkd.compare.choice import FINALISTS, Tried, finalists, first_round, tuning_seeds
from sedkd.compare.scoring import METRICS
from sedkd.disk.json_file import digest, write_json
from sedkd.disk.kept import kept, one_at_a_time
from sedkd.distill.registry import own_strategies
from sedkd.errors import UserError
from sedkd.models.checkpoint import load_model, read_header, save_model
from sedkd.models.frame import FrameModel
from sedkd.models.student import Student
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import PostProcessing
from sedkd.task.task import Task
from sedkd.train.fit import TrainingDiverged
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import TrialResult, chosen_and_scored, run_trials

FIRST_CRITERION = "f1_segment"  # whose records bear no name of it: there was no other
FAILED = "failed"  # stands alone in the record of a student whose training diverged: why

Watch = Callable[[str, int, int], Progress]
"""Called with what is trained, how many are done and how many there are; returns where its stages are told."""

Share = Callable[[Sequence["Run"], Callable[[int], Progress]], None]
"""Called with the students that are not there, and with what returns where stages are told when so many of them are
done; may have other processes train some, as `train` does. What it leaves is trained here."""


@dataclass(frozen=True)
class Trained:
    """One arm: what each of its tries scored on validation (the finalists by every tuning seed, the others in the first
    round, which left them out), what it chose, and per seed the record of a student."""

    arm: Arm
    tried: tuple[Tried, ...]
    chosen: Configuration
    records: list[dict[str, Any]]
    folder: Path

    def student(self, seed: int) -> FrameModel:
        """The student of a seed, on the CPU."""
        return load_model(Run(self.chosen, seed, self.folder).weights)

    def post(self, seed: int) -> PostProcessing:
        """Its thresholds and filters, tuned on validation."""
        return PostProcessing(**{key: tuple(value) for key, value in self.records[seed]["post"].items()})


@dataclass(frozen=True)
class Run:
    """One student of a comparison, and where it is kept: its weights, and beside them the record of what was chosen by
    `criterion`."""

    recipe: Configuration
    seed: int
    folder: Path
    criterion: str = FIRST_CRITERION

    @property
    def weights(self) -> Path:
        return self.folder / f"{self._name}.safetensors"

    @property
    def path(self) -> Path:
        by = "" if self.criterion == FIRST_CRITERION else f"-{self.criterion}"
        return self.folder / f"{self._name}{by}.json"

    @property
    def _name(self) -> str:
        own = self.configuration
        what = {**asdict(own), "student": own.student.as_key(), "train": own.train.as_compared()}
        what |= own_strategies(own.strategy)
        return f"{digest(what, 8, sort_keys=True)}-seed-{self.seed}"

    @property
    def configuration(self) -> Configuration:
        return replace(self.recipe, train=replace(self.recipe.train, seed=self.seed))

    def record(self) -> dict[str, Any] | None:
        """What is kept of it; None where it was not trained, not judged by this criterion, or that is damaged."""
        return kept(self.path, partial(_read, weights=self.weights))

    def judged_otherwise(self) -> dict[str, Any] | None:
        """Its record by another criterion, if it was trained for one."""
        others = [replace(self, criterion=name) for name in METRICS if name != self.criterion]
        return next((record for other in others if (record := other.record()) is not None), None)


def train_all(
    arms: Sequence[Arm],
    task: Task,
    seeds: int,
    folder: Path,
    criterion: str,
    watch: Watch,
    share: Share = lambda runs, at: None,
) -> list[Trained]:
    """Let every arm choose, then train it; `folder` belongs to this comparison alone, of which one process at a time
    trains.

    Students of one architecture that learn by the same terms are trained in one step where that pays. `criterion`: the
    F1 by which tries, thresholds and filters are chosen.

    Raises:
        UserError: every try of an arm diverged, or a seed of the best one did.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place, tuning = folder / "students", tuning_seeds(task)
    first = {arm.name: first_round(arm.tries) for arm in arms}

    def runs(recipes: Mapping[str, Sequence[Configuration]], seeds: Sequence[int]) -> list[Run]:
        return [Run(recipe, seed, place, criterion) for own in recipes.values() for recipe in own for seed in seeds]

    opening = runs(first, tuning[:1])
    guessed = {run.path for run in opening + runs({arm.name: arm.tries[:FINALISTS] for arm in arms}, tuning)}
    total = len(guessed) + len(arms) * seeds
    waiting = counting(watch("another process", 0, total), "waiting for it")
    with one_at_a_time(folder / ".training.lock", waiting):
        found = train(opening, task, watch, "tries", 0, total, share)
        before = {arm.name: _tried(first[arm.name], tuning[:1], place, found, criterion) for arm in arms}
        last = {arm.name: finalists(arm.tries, before[arm.name]) for arm in arms}
        final = {run.path: run for run in runs(last, tuning) if run.path not in found}
        found |= train(list(final.values()), task, watch, "finalists", len(found), total, share)
        judged = {arm.name: _tried(last[arm.name], tuning, place, found, criterion) for arm in arms}
        chosen = {arm.name: _best(arm, judged[arm.name]) for arm in arms}
        seeded = [Run(chosen[arm.name], seed, place, criterion) for arm in arms for seed in range(seeds)]
        total = len(found) + len({run.path for run in seeded})
        found |= train(seeded, task, watch, "seeds", len(found), total, share)
    return [
        Trained(
            arm,
            _furthest(arm, before[arm.name], judged[arm.name]),
            chosen[arm.name],
            [_whole(arm, Run(chosen[arm.name], seed, place, criterion), found) for seed in range(seeds)],
            place,
        )
        for arm in arms
    ]


def train(
    runs: Sequence[Run],
    task: Task,
    watch: Watch,
    what: str,
    before: int,
    total: int,
    share: Share = lambda runs, at: None,
) -> dict[Path, dict[str, Any]]:
    """The record of every run by its path, read or made now; all are judged by one criterion. `before` of `total`
    others were done."""
    different = {run.path: run for run in runs}
    found = _there(different.values())
    absent = [run for path, run in different.items() if path not in found]
    if absent:
        share(absent, lambda done: watch(what, before + len(found) + done, total))
        found |= _there(absent)
    for path, run in different.items():
        if path not in found and (other := run.judged_otherwise()) is not None:
            watch(what, before + len(found), total)(f"choosing by {run.criterion}", 0, 1)
            found[path] = _judged_anew(run, other, task)
    missing = [run for path, run in different.items() if path not in found]

    def done(place: int, result: TrialResult | Exception) -> None:
        if isinstance(result, Exception) and not isinstance(result, TrainingDiverged):
            raise result
        run = missing[place]
        record = {FAILED: str(result)} if isinstance(result, Exception) else _record(result)
        if isinstance(result, TrialResult):
            save_model(result.student, run.weights)
        write_json(run.path, record)  # last: what it tells of is there
        found[run.path] = record

    def progress(stage: str, step: int, steps: int) -> None:
        watch(what, before + len(found), total)(stage, step, steps)

    if missing:
        run_trials([run.configuration for run in missing], task, done, missing[0].criterion, progress)
    return found


def _there(runs: Iterable[Run]) -> dict[Path, dict[str, Any]]:
    """The records that are kept, by their paths."""
    return {run.path: record for run in runs if (record := run.record()) is not None}


def _judged_anew(run: Run, other: dict[str, Any], task: Task) -> dict[str, Any]:
    """The record of a student that was trained when it was judged by another criterion, which is `other`."""
    if FAILED in other:
        return other
    student = load_model(run.weights)
    assert isinstance(student, Student)
    post, scores = chosen_and_scored(student.to(task.device), task, run.criterion)
    record = {**other, "validation": dict(scores.values), "post": asdict(post)}
    write_json(run.path, record)
    return record


def _record(result: TrialResult) -> dict[str, Any]:
    return {
        "validation": dict(result.scores.values),
        "post": asdict(result.post),
        "curve": [asdict(point) for point in result.curve],
        "cost": asdict(result.cost),
        "seconds": result.seconds,
    }


def _furthest(arm: Arm, before: Sequence[Tried], judged: Sequence[Tried]) -> tuple[Tried, ...]:
    """Each try as far as it came: what it scored in the first round, or as a finalist."""
    recipes = [one.configuration for one in judged]
    return tuple(
        judged[recipes.index(recipe)] if recipe in recipes else first
        for recipe, first in zip(arm.tries, before, strict=True)
    )


def _tried(
    recipes: Sequence[Configuration],
    seeds: Sequence[int],
    place: Path,
    found: Mapping[Path, dict[str, Any]],
    criterion: str,
) -> tuple[Tried, ...]:
    """What each of them scored, seed by seed; None where training diverged."""

    def score(record: dict[str, Any]) -> float | None:
        return None if FAILED in record else record["validation"][criterion]

    def scored(recipe: Configuration, seed: int) -> float | None:
        return score(found[Run(recipe, seed, place, criterion).path])

    return tuple(Tried(recipe, tuple(scored(recipe, seed) for seed in seeds)) for recipe in recipes)


def _best(arm: Arm, tried: Sequence[Tried]) -> Configuration:
    able = [one for one in tried if one.mean is not None]
    if not able:
        rates = sorted({one.train.learning_rate for one in arm.tries})
        raise UserError(f"arm {arm.name!r}: training diverged at every rate ({', '.join(f'{r:g}' for r in rates)})")
    return max(able, key=lambda one: one.mean or 0.0).configuration


def _whole(arm: Arm, run: Run, found: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    """The record of a seed that did not diverge."""
    record = found[run.path]
    if FAILED in record:
        fewer = f"--seeds {run.seed} does without it, or " if run.seed else ""
        raise UserError(
            f"arm {arm.name!r}: seed {run.seed} at the rate {run.recipe.train.learning_rate:g}, the best one, failed: "
            f"{record[FAILED]}; {fewer}try another --architecture or --strategy (all other students are kept)"
        )
    return record


def _read(path: Path, weights: Path) -> dict[str, Any]:
    """A student's record, where its weights are whole."""
    record = json.loads(path.read_text())
    if FAILED in record:
        return {FAILED: str(record[FAILED])}
    read_header(weights)
    return {key: record[key] for key in ("validation", "post", "curve", "cost", "seconds")}

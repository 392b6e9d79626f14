"""Train the arms of a comparison: the rate of each tuned on validation, then one student per seed, all kept on disk.

What is finished is read again instead of being trained again, so an interrupted comparison goes on where it stopped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sedkd.compare.arms import Arm
from sedkd.configuration import Configuration
from sedkd.errors import UserError
from sedkd.kept import kept, one_at_a_time
from sedkd.models.checkpoint import load_model, read_header, save_model
from sedkd.models.frame import FrameModel
from sedkd.paths import written_atomically
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import PostProcessing
from sedkd.task import Task
from sedkd.train.fit import TrainingDiverged
from sedkd.trial import TrialResult, run_trials

RATES = (1e-2, 2.5e-2, 6e-2)  # tried by every arm
TUNING_SEED = 10_000  # no seed of the comparison itself
FAILED = "failed"  # stands alone in the record of a student whose training diverged: why

Watch = Callable[[str, int, int], Progress]
"""Called with what is trained, how many are done and how many there are; returns where its stages are told."""


@dataclass(frozen=True)
class Trained:
    """One arm: its rate with what each rate scored on validation, and per seed the record of a student."""

    arm: Arm
    rate: float
    tried: dict[float, float | None]
    records: list[dict[str, Any]]
    folder: Path

    def student(self, seed: int) -> FrameModel:
        """The student of a seed, on the CPU."""
        return load_model(_weights(self.folder, self.rate, seed))

    def post(self, seed: int) -> PostProcessing:
        """Its thresholds and filters, tuned on validation."""
        return PostProcessing(**{key: tuple(value) for key, value in self.records[seed]["post"].items()})


@dataclass(frozen=True)
class _Run:
    """One student of an arm, and where it is kept: its weights, and the record beside them."""

    arm: Arm
    rate: float
    seed: int
    folder: Path

    @property
    def weights(self) -> Path:
        return _weights(self.folder, self.rate, self.seed)

    @property
    def path(self) -> Path:
        return self.weights.with_suffix(".json")

    @property
    def configuration(self) -> Configuration:
        own = self.arm.configuration
        return replace(own, train=replace(own.train, learning_rate=self.rate, seed=self.seed))

    def record(self) -> dict[str, Any] | None:
        """What is kept of it; None where it was not trained, or that is damaged."""
        return kept(self.path, partial(_read, weights=self.weights))


def train_all(arms: Sequence[Arm], task: Task, seeds: int, folder: Path, criterion: str, watch: Watch) -> list[Trained]:
    """Tune and train every arm; `folder` belongs to this comparison alone, of which one process at a time trains.

    Students of one architecture that learn by the same terms are trained in one step where that pays.

    Raises:
        UserError: every rate of an arm diverged, or a seed did at the best one.
    """
    total = len(arms) * (len(RATES) + seeds)
    places = {arm.name: folder / "".join(c if c.isalnum() else "-" for c in arm.name) for arm in arms}
    folder.mkdir(parents=True, exist_ok=True)
    waiting = counting(watch("another process", 0, total), "waiting for it")
    with one_at_a_time(folder / ".training.lock", waiting):
        runs = [_Run(arm, rate, TUNING_SEED, places[arm.name]) for arm in arms for rate in RATES]
        found = _trained(runs, task, criterion, watch, "rates", 0, total)
        tried = {
            arm.name: {run.rate: _score(found[run.path], criterion) for run in runs if run.arm == arm} for arm in arms
        }
        best = {arm.name: _best(arm, tried[arm.name]) for arm in arms}
        runs = [_Run(arm, best[arm.name], seed, places[arm.name]) for arm in arms for seed in range(seeds)]
        found = _trained(runs, task, criterion, watch, "seeds", len(arms) * len(RATES), total)
    for run in runs:
        if FAILED in found[run.path]:
            raise UserError(
                f"arm {run.arm.name!r}: seed {run.seed} at the rate {run.rate:g}, the best one, failed: "
                f"{found[run.path][FAILED]}; give fewer --seeds, or another --architecture"
            )
    return [
        Trained(
            arm, best[arm.name], tried[arm.name], [found[run.path] for run in runs if run.arm == arm], places[arm.name]
        )
        for arm in arms
    ]


def _trained(
    runs: Sequence[_Run], task: Task, criterion: str, watch: Watch, what: str, before: int, total: int
) -> dict[Path, dict[str, Any]]:
    """The record of every run by its path, read or made now."""
    found = {run.path: record for run in runs if (record := run.record()) is not None}
    missing = [run for run in runs if run.path not in found]

    def done(place: int, result: TrialResult | Exception) -> None:
        if isinstance(result, Exception) and not isinstance(result, TrainingDiverged):
            raise result
        run = missing[place]
        record = {FAILED: str(result)} if isinstance(result, Exception) else _record(result)
        if isinstance(result, TrialResult):
            save_model(result.student, run.weights)
        with written_atomically(run.path) as temporary:  # last: what it tells of is there
            temporary.write_text(json.dumps(record))
        found[run.path] = record

    def progress(stage: str, step: int, steps: int) -> None:
        watch(what, before + len(found), total)(stage, step, steps)

    if missing:
        run_trials([run.configuration for run in missing], task, done, criterion, progress)
    return found


def _record(result: TrialResult) -> dict[str, Any]:
    return {
        "validation": dict(result.scores.values),
        "post": asdict(result.post),
        "curve": [asdict(point) for point in result.curve],
        "cost": asdict(result.cost),
        "seconds": result.seconds,
    }


def _score(record: dict[str, Any], criterion: str) -> float | None:
    """On validation; None where training diverged."""
    return None if FAILED in record else record["validation"][criterion]


def _best(arm: Arm, tried: dict[float, float | None]) -> float:
    able = {rate: score for rate, score in tried.items() if score is not None}
    if not able:
        raise UserError(f"arm {arm.name!r}: training diverged at every rate ({', '.join(f'{r:g}' for r in tried)})")
    return max(able, key=lambda rate: able[rate])


def _read(path: Path, weights: Path) -> dict[str, Any]:
    """A student's record, where its weights are whole."""
    record = json.loads(path.read_text())
    if FAILED in record:
        return {FAILED: str(record[FAILED])}
    read_header(weights)
    return {key: record[key] for key in ("validation", "post", "curve", "cost", "seconds")}


def _weights(folder: Path, rate: float, seed: int) -> Path:
    return folder / f"rate-{rate:g}-seed-{seed}.safetensors"

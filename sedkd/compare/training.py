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
from sedkd.kept import made_once
from sedkd.models.checkpoint import load_model, read_header, save_model
from sedkd.models.frame import FrameModel
from sedkd.paths import written_atomically
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import PostProcessing
from sedkd.task import Task
from sedkd.trial import run_trial

RATES = (1e-2, 2.5e-2, 6e-2)  # tried by every arm
TUNING_SEED = 10_000  # no seed of the comparison itself

Watch = Callable[[str, int, int], Progress]
"""Called with what is trained, how many are done and how many there are; returns where its stages are told."""


@dataclass(frozen=True)
class Trained:
    """One arm: its rate with what each rate scored on validation, and per seed the record of a student."""

    arm: Arm
    rate: float
    tried: dict[float, float]
    records: list[dict[str, Any]]
    folder: Path

    def student(self, seed: int) -> FrameModel:
        """The student of a seed, on the CPU."""
        return load_model(_weights(self.folder, self.rate, seed))

    def post(self, seed: int) -> PostProcessing:
        """Its thresholds and filters, tuned on validation."""
        return PostProcessing(**{key: tuple(value) for key, value in self.records[seed]["post"].items()})


def train_all(arms: Sequence[Arm], task: Task, seeds: int, folder: Path, criterion: str, watch: Watch) -> list[Trained]:
    """Tune and train every arm; `folder` belongs to this comparison alone."""
    total, done = len(arms) * (len(RATES) + seeds), 0
    found = []
    for arm in arms:
        place = folder / "".join(c if c.isalnum() else "-" for c in arm.name)
        tried: dict[float, float] = {}
        for rate in RATES:
            record = _trained(arm, task, rate, TUNING_SEED, place, criterion, watch(f"{arm.name}: rate", done, total))
            tried[rate] = record["validation"][criterion]
            done += 1
        best = max(tried, key=lambda rate: tried[rate])
        records = []
        for seed in range(seeds):
            records.append(_trained(arm, task, best, seed, place, criterion, watch(f"{arm.name}: seed", done, total)))
            done += 1
        found.append(Trained(arm, best, tried, records, place))
    return found


def _trained(
    arm: Arm, task: Task, rate: float, seed: int, folder: Path, criterion: str, progress: Progress
) -> dict[str, Any]:
    """The record of one student: scores on validation, post-processing, curve, cost, seconds."""
    weights = _weights(folder, rate, seed)
    path = weights.with_suffix(".json")

    def make() -> None:
        result = run_trial(_with(arm.configuration, rate, seed), task, criterion, with_psds=False, progress=progress)
        save_model(result.student, weights)
        record = {
            "validation": dict(result.scores.values),
            "post": asdict(result.post),
            "curve": [asdict(point) for point in result.curve],
            "cost": asdict(result.cost),
            "seconds": result.seconds,
        }
        with written_atomically(path) as temporary:  # last: what it tells of is there
            temporary.write_text(json.dumps(record))

    return made_once(path, make, partial(_read, weights=weights), counting(progress, "waiting for another process"))


def _read(path: Path, weights: Path) -> dict[str, Any]:
    """A student's record, where its weights are whole."""
    read_header(weights)
    record = json.loads(path.read_text())
    return {key: record[key] for key in ("validation", "post", "curve", "cost", "seconds")}


def _with(configuration: Configuration, rate: float, seed: int) -> Configuration:
    return replace(configuration, train=replace(configuration.train, learning_rate=rate, seed=seed))


def _weights(folder: Path, rate: float, seed: int) -> Path:
    return folder / f"rate-{rate:g}-seed-{seed}.safetensors"

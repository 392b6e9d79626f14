"""How long a search will train here, before it has begun: by what the students of an earlier study took, or by three of
the space that are trained for a moment."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from search.pareto.rungs import FACTOR, rungs_of, students
from search.setup.setting import default_file, default_space
from search.space.controls import largest, smallest
from search.space.space import Space
from search.study.view import StudyView
from sedkd.disk.json_file import digest, write_json
from sedkd.disk.kept import made_once
from sedkd.disk.paths import cache_root
from sedkd.errors import SedkdWarning
from sedkd.parallel import cores, processor

ENOUGH = 8  # students of a study, by which another one is told
LABELS = 5  # of the students that are trained for a moment; their number hardly matters


@dataclass(frozen=True)
class Pace:
    """`seconds` of a step of training, on average over students, and how that is known, to follow a comma."""

    seconds: float
    known_by: str


def training_seconds(trials: int, steps: int, pace: Pace) -> float:
    """Of `trials` students, all trained to the first rung of so many steps, and one in four of a rung to the next."""
    before, there, total = 0, trials, 0
    for rung in rungs_of(steps):
        total += there * (rung - before)
        before, there = rung, -(-there // FACTOR)
    return total * pace.seconds


def studied_pace(studies: Sequence[StudyView]) -> Pace | None:
    """By the first study that trained enough students, scoring them included; None where there is none."""
    for study in studies:
        ended = [m.record for m in students(study.trained())] + [s.record for s in study.ended_early()]
        ended = [record for record in ended if record.curve and record.seconds]
        if len(ended) >= ENOUGH:
            steps = sum(int(record.curve[-1]["step"]) for record in ended)
            took = f"as the {len(ended)} students of study {study.name} took"
            return Pace(sum(record.seconds for record in ended) / steps, took)
    return None


def measured_pace() -> Pace:
    """By the default space's smallest, default and largest student; some seconds, once for a machine, or, where a
    warning says that it cannot be kept, each time."""
    machine = [processor(), cores(), version("torch")]
    path = cache_root() / "speeds" / f"pace-{digest([*machine, default_file().read_text()])}.json"
    found: list[Pace] = []

    def make() -> None:
        found.append(_measured(default_space()))
        write_json(path, asdict(found[0]))

    try:
        return made_once(path, make, _read)
    except OSError as error:  # a cache that is full or read-only
        why = f"cannot be kept ({error.strerror})"
        warnings.warn(f"{path}: {why}, so the pace is measured again the next time", SedkdWarning, stacklevel=2)
        return found[0] if found else _measured(default_space())


def _measured(space: Space) -> Pace:
    from search.setup.preparation import device_of
    from sedkd.train.packing import Shape, speed
    from sedkd.train.settings import TrainSettings
    from sedkd.trial.configuration import from_flat

    train, device = TrainSettings(), device_of("auto")
    found = [from_flat(values, train).student for values in (smallest(space), space.defaults(), largest(space))]
    shapes = [Shape(student, LABELS, train.batch, train.frames) for student in found]
    seconds = [train.batch / speed(shape, device, 1, rounds=1) for shape in shapes]
    took = f"as the space's smallest, default and largest student took for a moment on this machine's {device.type}"
    return Pace(sum(seconds) / len(seconds), took)


def _read(path: Path) -> Pace:
    return Pace(**json.loads(path.read_text()))

"""How many students a machine trains in one step: measured once for an architecture, and remembered."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sedkd.disk.json_file import digest, write_json
from sedkd.disk.kept import made_once
from sedkd.disk.paths import cache_root
from sedkd.models.frame import FrameModel
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.parallel import processor
from sedkd.train.cohort import Ended, Member, fit_cohort
from sedkd.train.corpus import Corpus
from sedkd.train.fit import Watch
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings

VERSION = 4
SIZES = {"cpu": (1, 2, 4, 8), "cuda": (1, 8, 32, 128)}
STEPS = {"cpu": 4, "cuda": 30}  # that are timed, behind as many that are not
ROUNDS = 3  # of them
GAIN = 1.2  # of several over one; what is less may be noise, and then a cohort is slower than its members
CLIPS, FRAMES = 40, 125


@dataclass(frozen=True)
class Shape:
    """Of what the speed of training depends on: the student, its labels, and a batch's size."""

    student: StudentSettings
    labels: int
    batch: int
    frames: int

    @classmethod
    def of(cls, member: Member) -> "Shape":
        train = member.settings
        return cls(member.student.settings, len(member.student.labels), train.batch, train.frames)

    @property
    def key(self) -> list[Any]:
        """What files that depend on it are named by."""
        return [self.student.as_key(), self.labels, self.batch, self.frames]


def packed(members: Sequence[Member], device: torch.device, cores: int = 1) -> list[list[int]]:
    """Places of the members that are to be trained in one step, in as few steps as pay, but for each of the `cores`
    something to do."""
    kinds: dict[Hashable, list[int]] = defaultdict(list)
    for place, member in enumerate(members):
        kind = member.kind
        kinds[("alone", place) if kind is None else kind].append(place)
    found = []
    for places in kinds.values():
        first = members[places[0]]
        size = 1
        if len(places) > 1:
            size = best_size(Shape.of(first), device, -(-len(places) // cores))
        found += [places[start : start + size] for start in range(0, len(places), size)]
    return found


def best_size(shape: Shape, device: torch.device, most: int) -> int:
    """How many students of this architecture are trained fastest in one step, `most` at most."""
    able = {size: speed for size, speed in _speeds(shape, device).items() if size <= most}
    best = max(able, key=lambda size: able[size])
    return best if able[best] > GAIN * able[1] else 1


def speed(
    shape: Shape,
    device: torch.device,
    size: int,
    trainer: Callable[[Sequence[Member]], list[Ended]] = fit_cohort,
    rounds: int = ROUNDS,
) -> float:
    """Windows per second of `size` students whom `trainer` trains, from labels alone; of some rounds the quickest."""
    steps = STEPS[device.type]
    settings = TrainSettings(steps=2 * steps, batch=shape.batch, frames=shape.frames)
    corpus, names = made_up(shape.student, shape.labels).to(device), tuple(map(str, range(shape.labels)))

    def seconds() -> float:
        seen: list[float] = []

        def look(_: FrameModel) -> float:
            seen.append(time.perf_counter())
            return 0.0

        watch = Watch(look, checkpoints=2)
        students = [Student(shape.student, names).to(device) for _ in range(size)]
        members = [Member(one, corpus, [Labels()], settings, watch) for one in students]
        for ended in trainer(members):
            if isinstance(ended, Exception):
                raise ended
        return seen[size] - seen[size - 1]

    return size * steps * shape.batch / min(seconds() for _ in range(rounds))


def made_up(student: StudentSettings, labels: int) -> Corpus:
    """Clips of noise with random targets, as such a student hears them."""
    random = torch.Generator().manual_seed(0)
    starts, stride = torch.arange(CLIPS + 1) * FRAMES, student.stride
    frames = torch.randn(CLIPS * FRAMES * stride, student.n_mels, generator=random).half()
    targets = (torch.rand(CLIPS * FRAMES, labels, generator=random) > 0.9).half()
    return Corpus(frames, starts * stride, starts, targets, torch.ones(CLIPS, labels, dtype=torch.bool), stride)


def _speeds(shape: Shape, device: torch.device) -> dict[int, float]:
    """Windows per second by size, as far as a larger one was faster; measured once for a machine."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    machine = [name, torch.__version__]
    target = cache_root() / "speeds" / f"{digest([VERSION, machine, *shape.key])}.json"

    def make() -> None:
        found, threads = dict[int, float](), torch.get_num_threads()
        torch.set_num_threads(1)  # as a cohort on a CPU is trained, one on each core
        try:
            for size in SIZES[device.type]:
                found[size] = speed(shape, device, size)
                if found[size] < max(found.values()):
                    break
        finally:
            torch.set_num_threads(threads)
        write_json(target, found)

    return made_once(target, make, _read)


def _read(path: Path) -> dict[int, float]:
    return {int(size): float(value) for size, value in json.loads(path.read_text()).items()}

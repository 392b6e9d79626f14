"""Windows per second of students that are trained together in one step, against one at a time.

    python benchmarks/cohort.py                                                      # the whole table
    python benchmarks/cohort.py --architecture "separable 8x5" --students 8 --threads 1 --device cpu

Made-up features and labels; batch 32, windows of 2.56 s, the whole step: draws, forward, backward, AdamW. `one at a
time` is the plain trainer, `best` the size that the project itself chooses (`sedkd.train.packing`). With --random N:
as many students, drawn at random from the default space, each alone. Nothing is asserted.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

import torch

from search.cli.guard import ended
from search.setup.architecture import architecture
from search.study.store import open_store
from sedkd.models.cohort import can_join
from sedkd.models.settings import StudentSettings
from sedkd.train.cohort import Ended, Member
from sedkd.train.fit import fit
from sedkd.train.packing import Shape, best_size, speed
from sedkd.train.settings import TrainSettings

ARCHITECTURES = ("separable 2x2", "separable 8x5", "separable 16x3", "separable+gru 16x3")
STUDENTS = (1, 3, 8, 24, 128)
LABELS = 6
TRAIN = TrainSettings()


def main() -> None:
    """Print the table; the last line ends with the ratio of the last row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", action="append", help='such as "separable 8x5"; may be given several times')
    parser.add_argument("--students", type=int, action="append", help="in one step; may be given several times")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--random", type=int, metavar="N", help="windows/s of N random students, each alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    print(f"{device}, {options.threads} threads, torch {torch.__version__}, batch {TRAIN.batch}")
    if options.random:
        _random(options.random, device)
        return
    names = options.architecture or ARCHITECTURES
    print(f"{'student':<20}{'together':>9}{'windows/s':>11}{'students/min':>14}{'one at a time':>15}{'times':>8}")
    for name in names:
        _rows(name, architecture(name, open_store(None), ""), options.students or STUDENTS, device)


def _rows(name: str, student: StudentSettings, sizes: Sequence[int], device: torch.device) -> None:
    shape = Shape(student, LABELS, TRAIN.batch, TRAIN.frames)
    alone = speed(shape, device, 1, _plain)
    for size in sizes:
        if size > 1 and not can_join(student):
            print(f"{name:<20}{size:>9}  trained one by one", flush=True)
            continue
        plain = size == 1 and device.type == "cpu"  # the plain trainer is what trains one there
        _print(name, str(size), alone if plain else speed(shape, device, size), alone)
    if can_join(student) and len(sizes) > 1:
        chosen = best_size(shape, device, max(sizes))
        _print(name, f"best: {chosen}", speed(shape, device, chosen), alone)


def _plain(members: Sequence[Member]) -> list[Ended]:
    return [fit(m.student, m.corpus, m.terms, m.settings, m.watch) for m in members]


def _print(name: str, size: str, together: float, alone: float) -> None:
    minutes = 60 * together / TRAIN.batch / TRAIN.steps
    print(f"{name:<20}{size:>9}{together:>11.0f}{minutes:>14.1f}{alone:>15.0f}{together / alone:>8.2f}", flush=True)


def _random(count: int, device: torch.device) -> None:
    """Architectures as the default space draws them, the same for every run."""
    draw = random.Random(0)
    begun = time.perf_counter()
    for _ in range(count):
        width, depth = 2 * draw.randint(1, 16), draw.randint(2, 5)
        student = StudentSettings(width, depth, draw.choice(["separable", "conv"]), draw.choice(["none", "gru"]))
        name = f"{student.block}{'+gru' if student.head == 'gru' else ''} {student.width}x{student.depth}"
        shape = Shape(student, LABELS, TRAIN.batch, TRAIN.frames)
        print(f"{name:<20}{speed(shape, device, 1):>11.0f} windows/s", flush=True)
    print(f"{count} students in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    sys.exit(ended(main))

"""How far the guess of a student's flash is off what a Cortex-M4 links, over random students for streams.

Run: python benchmarks/flash.py --students 20 --seed 1
Needs arm-none-eabi-gcc and the extra `device`. Weights are random, as constants that are alike are linked once. RAM
has to agree to the byte, or it ends with an error.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from search.cli.guard import ended, positive
from search.show.words import student_words
from sedkd.cost.device import device_cost
from sedkd.device.writing import write_device
from sedkd.export.bundle import write_bundle
from sedkd.export.card import CardFacts
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.score.postprocess import PostProcessing, longest_median

LABELS = ("a", "b")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=positive(int), default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, off = random.Random(options.seed), list[int]()
    torch.manual_seed(options.seed)
    print("| student | guess, B | linked, B | off by |\n|---|---|---|---|")
    for _ in range(options.students):
        settings = drawn(rng)
        student = Student(settings, LABELS).eval()
        for parameter in student.parameters():
            torch.nn.init.normal_(parameter)
        ram, flash = device_cost(student)
        assert ram is not None
        assert flash is not None
        code, static = linked(student)
        if static != ram:
            raise SystemExit(f"{settings}: {ram} bytes of RAM were foretold, {static} are linked")
        off.append(flash - code)
        print(f"| {student_words(settings.flat())} | {flash} | {code} | {flash - code:+d} |", flush=True)
    print(f"off by {min(off):+d} to {max(off):+d} bytes, root mean square {np.sqrt(np.mean(np.square(off))):.0f}")


def drawn(rng: random.Random) -> StudentSettings:
    """A random student; of those that there are not, another."""
    while True:
        try:
            width, block = rng.choice([1, 2, 3, 4, 6, 8, 12, 16]), rng.choice(["separable", "separable", "conv"])
            return StudentSettings(
                width, rng.randint(1, 5), block,
                rng.choice(["none", "none", "gru", "tcn"]), lookahead=rng.choice([0, 80, 160, 480, 960]),
                n_mels=rng.choice([8, 12, 16, 24, 32, 40, 64, 64]), hop=rng.choice([20, 40]),
            )  # fmt: skip
        except ValueError:
            continue


def linked(student: Student) -> tuple[int, int]:
    """Bytes of flash and of static RAM that `make cortex-m4` says, with median filters of the greatest length."""
    audio = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    card = CardFacts("e", "", LABELS, "s", 1, "d", True, "t", {}, {}, None, {}, {})
    with tempfile.TemporaryDirectory() as folder:
        post = PostProcessing((0.5,) * len(LABELS), (longest_median(student.frame_seconds),) * len(LABELS))
        export = write_bundle(Path(folder) / "export", student, post, [audio], card)
        device = write_device(export, audio)
        done = subprocess.run(["make", "-s", "-C", device, "cortex-m4"], capture_output=True, text=True, check=True)
        code, data, zeros = map(int, re.findall(r"\d+", done.stdout.splitlines()[-1])[:3])
    return code + data, data + zeros


if __name__ == "__main__":
    sys.exit(ended(main))

"""Training steps per second and examples per second of students from small to large, on made-up features.

Run: python benchmarks/steps.py [--device cuda]. Prints a table; nothing is asserted.
"""

import argparse
import sys
import time

import torch

from search.cli.guard import ended
from sedkd.cost.macs import macs_per_second
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import STRIDE, StudentSettings
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus
from sedkd.train.fit import fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings

STUDENTS = [
    StudentSettings(4, 2, "separable", "none"),
    StudentSettings(16, 3, "separable", "none"),
    StudentSettings(16, 3, "separable", "gru"),
    StudentSettings(16, 4, "conv", "gru"),
    StudentSettings(32, 5, "separable", "gru"),
    StudentSettings(32, 5, "conv", "gru"),
    StudentSettings(40, 5, "conv", "gru"),
]
LABELS = tuple("abcdef")
CLIPS, FRAMES = 60, 125


def random_corpus() -> Corpus:
    """60 clips of 10 s of noise with random targets."""
    torch.manual_seed(0)
    starts = torch.arange(CLIPS + 1)
    return Corpus(
        frames=torch.randn(CLIPS * FRAMES * STRIDE, STUDENT_FEATURES.n_mels).half(),
        starts=starts * FRAMES * STRIDE,
        out_starts=starts * FRAMES,
        targets=(torch.rand(CLIPS * FRAMES, len(LABELS)) > 0.9).half(),
        annotated=torch.ones(CLIPS, len(LABELS), dtype=torch.bool),
        stride=STRIDE,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    corpus, settings = random_corpus(), TrainSettings(steps=options.steps)
    print(f"{options.device}, torch {torch.__version__}, {torch.get_num_threads()} threads, batch {settings.batch}")
    print(f"{'student':<24}{'M MACs/s':>10}{'ms/step':>10}{'windows/s':>11}")
    for student in STUDENTS:
        model = Student(student, LABELS).to(options.device)
        fit(model, corpus, [Labels()], TrainSettings(steps=3))
        if options.device != "cpu":
            torch.cuda.synchronize()
        start = time.perf_counter()
        fit(model, corpus, [Labels()], settings)
        seconds = (time.perf_counter() - start) / options.steps
        name = f"{student.block}+{student.head} {student.width}x{student.depth}"
        macs = macs_per_second(model) / 1e6
        print(f"{name:<24}{macs:>10.2f}{1000 * seconds:>10.1f}{settings.batch / seconds:>11.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(ended(main))

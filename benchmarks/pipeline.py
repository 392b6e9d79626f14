"""Examples per second of distillation from the cache, against the plain way of doing every step's work every time.

Run: python benchmarks/pipeline.py --env farm --data DIR --teacher mn04_as [--threads 1] [--device cuda]
An example is one window of 2.56 s. The plain pipeline reads each window's audio, computes the student's and the
teacher's log-mel features, runs the teacher and trains the student by its answers; ours draws the windows of features
and the teacher's outputs from memory-mapped caches. Both train the same student with the same batch and losses. The
share of the machine's measured matrix-product peak counts three times the forward pass's multiply-accumulates per step.
Prints a table; nothing is asserted.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.preparation import Subject, device_of, prepare
from sedkd.cost.macs import macs_per_second
from sedkd.data.audio import read_spans
from sedkd.distill.registry import build_terms
from sedkd.features.logmel import LogMel
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.choice import TeacherSettings
from sedkd.train.batch import Batch
from sedkd.train.fit import fit
from sedkd.train.optimiser import optimiser_for
from sedkd.train.settings import TrainSettings
from sedkd.train.split import FRAME_SECONDS
from sedkd.train.term import Sizes

STUDENTS = (
    StudentSettings(8, 3, "separable", "none"),
    StudentSettings(16, 3, "separable", "gru"),
    StudentSettings(32, 5, "conv", "gru"),
)
SETTINGS = TrainSettings(steps=20, unlabeled_share=0.5)
WINDOW = SETTINGS.frames * FRAME_SECONDS


class Plain:
    """The pipeline without caches: one step at a time, everything from the audio files."""

    def __init__(self, task: Task, student: Student) -> None:
        self.task, self.student, self.teacher = task, student, task.teacher.model
        self.recordings = task.training.recordings
        self.rng = np.random.default_rng(0)
        self.logmels = {m: LogMel(m.features).to(task.device) for m in (student, self.teacher)}
        sizes = Sizes(student.embedding_size, self.teacher.embedding_size, len(task.events))
        self.terms = torch.nn.ModuleList(build_terms("response", {}, sizes)).to(task.device)
        self.columns = [self.teacher.labels.index(label) for label in task.events]
        self.optimiser = optimiser_for(list(student.parameters()), SETTINGS)

    def step(self) -> None:
        chosen = self.rng.integers(len(self.recordings), size=SETTINGS.batch)
        starts = [self.rng.uniform(0, max(self.recordings[i].duration - WINDOW, 0)) for i in chosen]
        features = self._features(self.student, chosen, starts)
        with torch.inference_mode():
            logits = self.teacher(self._features(self.teacher, chosen, starts)).logits[..., self.columns]
        logits = torch.nn.functional.interpolate(logits.transpose(1, 2), SETTINGS.frames).transpose(1, 2).clone()
        ones = torch.ones_like(logits[..., 0])
        batch = Batch(features, torch.zeros_like(logits), torch.ones_like(logits), ones, logits, None)
        output = self.student(features)
        loss = sum(term(batch, output) for term in self.terms)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()

    def _features(self, model: Any, chosen: np.ndarray, starts: list[float]) -> torch.Tensor:
        rate, samples = model.features.rate, round(WINDOW * model.features.rate)
        audio = np.zeros((len(chosen), samples), np.float32)
        for row, (index, start) in enumerate(zip(chosen, starts, strict=True)):
            first = round(start * rate)
            found = next(iter(read_spans(self.recordings[index].path, rate, [(first, first + samples)])))
            audio[row, : len(found)] = found
        with torch.inference_mode():
            return self.logmels[model](torch.from_numpy(audio).to(self.task.device)).clone()


def timed(step: Any, times: int, device: torch.device) -> float:
    """Seconds of one call, after one that does not count."""
    step()
    _wait(device)
    start = time.perf_counter()
    for _ in range(times):
        step()
    _wait(device)
    return (time.perf_counter() - start) / times


def matrix_peak(device: torch.device) -> float:
    """Multiply-accumulates per second of a large product of float32 matrices (bfloat16 on a GPU)."""
    size = 2048 if device.type == "cpu" else 8192
    kind = torch.float32 if device.type == "cpu" else torch.bfloat16
    a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    return size**3 / timed(lambda: a @ b, 5, device)


def cached(task: Task, student: Student) -> float:
    """Seconds per step of a training from the caches, the whole of it."""
    corpus = task.corpus(TeacherSettings())
    sizes = Sizes(student.embedding_size, task.teacher.model.embedding_size, len(task.events))
    terms = build_terms("response", {}, sizes)
    return timed(lambda: fit(student, corpus, terms, SETTINGS), 2, task.device) / SETTINGS.steps


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--teacher")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = device_of(options.device)
    task = prepare(
        Subject(options.env, (options.data,) if options.data else (), teacher=options.teacher, device=options.device),
        0,
        _quiet,
    ).task
    peak = matrix_peak(device)
    print(
        f"{device}, {options.threads} threads, teacher {task.teacher.kind}; matrix products: {peak / 1e9:.1f} G MACs/s"
    )
    print(f"{'student':<22}{'M MACs/s':>9}{'plain ex/s':>12}{'cached ex/s':>12}{'times':>8}{'of peak':>9}")
    for settings in STUDENTS:
        seconds = []
        for way in ("plain", "cached"):
            torch.manual_seed(0)
            student = Student(settings, task.events)
            student.standardise_by(*(t.cpu() for t in task.training.corpus.statistics()))
            student.to(device)
            seconds.append(timed(Plain(task, student).step, 3, device) if way == "plain" else cached(task, student))
        macs = macs_per_second(student)
        examples = [SETTINGS.batch / s for s in seconds]
        share = 3 * macs * WINDOW * examples[1] / peak
        name = f"{settings.block}{'' if settings.head == 'none' else '+gru'} {settings.width}x{settings.depth}"
        print(f"{name:<22}{macs / 1e6:>9.2f}{examples[0]:>12.1f}{examples[1]:>12.1f}{examples[1] / examples[0]:>8.1f}"
              f"{share:>9.1%}", flush=True)  # fmt: skip


def _quiet(*_: object) -> None:
    pass


if __name__ == "__main__":
    sys.exit(ended(main))

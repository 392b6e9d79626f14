"""What hearing only the past, and eight bits, cost: one architecture with several look-aheads, each float and int8.

Run: python benchmarks/device_table.py --env farm --data esc --teacher mn04_as --teacher-minutes 0 --out FOLDER

Every student is trained with the same recipe and seeds, and kept in FOLDER: the same line continues. Scores are of
validation (false alarms: and of negatives/), with thresholds chosen there for the float student, and so flatter; test
is not touched. Look-aheads by which a student's answers wait equally long are the same student, and trained once. One
core is enough.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.architecture import spelt
from search.setup.identity import VERSION
from search.setup.same import material_of
from search.setup.setting import setting
from sedkd.cost.summary import Cost, cost_of
from sedkd.disk.json_file import digest, write_json
from sedkd.export.int8_student import hearing
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.settings import FULL, StudentSettings
from sedkd.models.student import Student
from sedkd.score.postprocess import PostProcessing
from sedkd.score.summary import score
from sedkd.task.task import Task
from sedkd.teach.teacher import teacher_for
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

RECIPE: dict[str, Any] = {
    "strategy": "response",
    "parameters": {"response": {"temperature": 2.0, "weight": 2.0}},
}
SCORES = ("f1_segment", "f1_event", "fa_per_hour")


@dataclass(frozen=True)
class Trained:
    """A student with what was chosen for it on validation."""

    student: Student
    post: PostProcessing


def main() -> None:
    options = parser_of(__doc__).parse_args()
    torch.set_num_threads(1)
    task = task_of(options)
    data = options.data or "the built-in soundscapes"
    print(f"{options.env} of {data}, {options.architecture}, {options.steps} steps, {options.seeds} seeds")
    rows = [
        row
        for settings, words in distinct(options.architecture, options.lookaheads.split(","))
        for row in rows_of(task, settings, words, options)
    ]
    print_table(rows)


def parser_of(text: str | None) -> argparse.ArgumentParser:
    """Of a line that trains students, or finds those of an earlier one."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, help="folder; without it the built-in soundscapes")
    parser.add_argument("--teacher", default="mn04_as")
    parser.add_argument("--teacher-minutes", type=float, default=0)
    parser.add_argument("--architecture", default="separable 16x3", help='such as "separable+gru 16x3"')
    parser.add_argument("--lookaheads", default="full,480,160,0", metavar="A,B")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=1e-2, help="learning rate (0.01)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="folder of the students")
    return parser


def task_of(options: argparse.Namespace) -> Task:
    found = setting(options.env, (options.data,) if options.data else ())
    device = torch.device("cpu")
    teacher = teacher_for(found.pool, options.teacher, device, 0, None, options.teacher_minutes)
    environment = found.pool.environment(options.env)
    return Task(found.pool, environment, environment.events, teacher, device)


def distinct(architecture: str, lookaheads: Sequence[str]) -> list[tuple[StudentSettings, str]]:
    """The students that differ, each with the look-aheads that make it, in words."""
    base = spelt(architecture)
    if base is None:
        raise SystemExit(f"--architecture {architecture}: expected such as separable+gru 16x3")
    found: dict[tuple[bool, int], tuple[StudentSettings, list[str]]] = {}
    for text in reversed(lookaheads):
        settings = replace(base, lookahead=FULL if text == FULL else int(text))
        found.setdefault((settings.causal, settings.delay), (settings, []))[1].insert(0, text)
    return [(settings, " = ".join(texts)) for settings, texts in reversed(found.values())]


def rows_of(task: Task, settings: StudentSettings, words: str, options: argparse.Namespace) -> list[list[str]]:
    """A row for the float students of all seeds, and one for their int8 twins where they have any."""
    trained = [student_of(task, settings, seed, options) for seed in range(options.seeds)]
    cost = cost_of(trained[0].student, with_latency=False)
    kinds = {"float": costs(cost), **({"int8": [""] * len(costs(cost))} if settings.quantises else {})}
    return [
        [words, kind, *means([on_validation(task, each, kind == "int8") for each in trained]), *cells]
        for kind, cells in kinds.items()
    ]


def student_of(task: Task, settings: StudentSettings, seed: int, options: argparse.Namespace) -> Trained:
    """Read from disk, or trained now."""
    made_of = digest([VERSION, settings.as_key(), material_of(task)], 6)
    folder = options.out / f"{settings.block}-{settings.head}-{settings.width}x{settings.depth}-{settings.lookahead}"
    folder = folder / f"{options.env}-{options.steps}-{options.rate:g}-{seed}-{made_of}"
    facts = folder / "trial.json"
    if not facts.exists():
        train = TrainSettings(
            steps=options.steps, learning_rate=options.rate, unlabeled_share=0.5, mixture=0.5, seed=seed
        )
        result = run_trial(Configuration(student=settings, train=train, **RECIPE), task)
        print(f"{folder}: {result.seconds:.0f} s, {result.scores.values}", flush=True)
        save_model(result.student, folder / "student.safetensors")
        write_json(facts, {"post": asdict(result.post), "seconds": result.seconds})
    student, found = load_model(folder / "student.safetensors"), json.loads(facts.read_text())["post"]
    assert isinstance(student, Student)
    return Trained(student, PostProcessing(tuple(found["thresholds"]), tuple(found["median_frames"])))


def on_validation(task: Task, trained: Trained, int8: bool) -> Mapping[str, float | None]:
    """The scores of the student, or of its quantised step, fed step by step."""
    answers, negatives = task.validated(hearing(trained.student, task.training.recordings, int8))
    return score(answers, trained.post, False, negatives=negatives).values


def means(runs: Sequence[Mapping[str, float | None]]) -> list[str]:
    """Mean and deviation over the seeds of each score."""
    found = []
    for name in SCORES:
        values = np.array([run[name] for run in runs if run[name] is not None], float)
        digits = 1 if name == "fa_per_hour" else 3
        found.append(f"{values.mean():.{digits}f} ± {values.std(ddof=1) if len(values) > 1 else 0:.{digits}f}")
    return found


def costs(cost: Cost) -> list[str]:
    waits = "-" if cost.algorithmic_latency is None else f"{1000 * cost.algorithmic_latency:.0f} ms"
    place = ["-" if size is None else f"{size / 1000:.1f} kB" for size in (cost.ram, cost.flash)]
    return [f"{cost.macs / 1e6:.2f} M", str(cost.params), *place, waits]


def print_table(rows: Sequence[Sequence[str]]) -> None:
    head = ["look-ahead, ms", "", "segment F1", "event F1", "false alarms/h", "MACs/s", "parameters", "RAM", "flash"]
    print("\n| " + " | ".join([*head, "waits"]) + " |")
    print("|" + "---|" * (len(head) + 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    sys.exit(ended(main))

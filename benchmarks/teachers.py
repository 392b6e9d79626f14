"""What a teacher costs, how good it is on validation, and what one student gains from it; heads beside each other.

Run: python benchmarks/teachers.py --env farm --data esc --heads none,gru
     python benchmarks/teachers.py --env farm --data esc --teachers mn04_as,mn04_as:10,mn04_as:inf,before.safetensors

A teacher is a kind or a file, with the minutes of fine-tuning behind a colon (without one none, inf: as long as it
gains). `--steps 0` trains no student. Test is not touched.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.setting import setting
from sedkd.models.settings import StudentSettings
from sedkd.score.postprocess import tune
from sedkd.score.summary import score
from sedkd.task.task import Task
from sedkd.teach.model import Stage
from sedkd.teach.stages import head_over
from sedkd.teach.teacher import teacher_for
from sedkd.teach.weights import weights_path
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

CRITERION = "f1_segment"
STUDENT = Configuration(
    student=StudentSettings(16, 3, "separable", "none"),
    strategy="response",
    parameters={"response": {"temperature": 2.0, "weight": 2.0}},
)
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="mn04_as", help="of the heads (mn04_as)")
    parser.add_argument("--heads", default="", metavar="A,B", help="none, gru")
    parser.add_argument("--teachers", default="", metavar="KIND[:MINUTES],...")
    parser.add_argument("--steps", type=int, default=300, help="of the student; 0: none")
    parser.add_argument("--rate", type=float, default=1e-2, help="its learning rate (0.01)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    found = setting(options.env, (options.data,))
    for head in filter(None, options.heads.split(",")):
        _, stage = head_over(weights_path(options.weights), found.pool, 0, CPU, None, head)
        print(f"{head:<8}{words(stage)}", flush=True)
    for named in filter(None, options.teachers.split(",")):
        kind, minutes = kind_and_minutes(named)
        teacher = teacher_for(found.pool, kind, CPU, 0, None, minutes)
        print(f"{named}: {teacher.origin}", *map(words, teacher.stages), sep="\n  ", flush=True)
        if options.steps:
            environment = found.pool.environment(options.env)
            task = Task(found.pool, environment, environment.events, teacher, CPU)
            settings = TrainSettings(steps=options.steps, learning_rate=options.rate, unlabeled_share=0.5, mixture=0.5)
            print(f"  teacher on validation {on_validation(task):.3f}; {students(task, settings, options.seeds)}")


def kind_and_minutes(named: str) -> tuple[str, float]:
    """Of `mn04_as:3`, or of a kind alone, which may hold a colon itself, such as `timm:resnet18`: 0 minutes."""
    kind, _, minutes = named.rpartition(":")
    try:
        return kind, float(minutes)
    except ValueError:
        return named, 0.0


def words(stage: Stage) -> str:
    scores = ", ".join(f"{name} {f1:.3f}" for name, f1 in stage.f1.items() if f1 is not None)
    return f"{stage.name}: {stage.steps} steps, {stage.seconds:.0f} s; {scores}"


def on_validation(task: Task) -> float:
    answers = task.teacher_answers(task.validation)
    found = score(answers, tune(answers, CRITERION), with_psds=False).values[CRITERION]
    return float("nan") if found is None else found


def students(task: Task, settings: TrainSettings, seeds: int) -> str:
    runs = [run_trial(replace(STUDENT, train=replace(settings, seed=seed)), task) for seed in range(seeds)]
    found = [run.scores.values[CRITERION] or 0.0 for run in runs]
    each = " ".join(f"{f1:.3f}" for f1 in found)
    return f"students {np.mean(found):.3f} ± {np.std(found):.3f} ({each})"


if __name__ == "__main__":
    sys.exit(ended(main))

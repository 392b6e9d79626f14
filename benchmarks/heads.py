"""Heads over time at similar cost, on the built-in street (SYNTHETIC): F1 on validation, several seeds.

Run: python benchmarks/heads.py "separable 16x3@160ms" "separable+gru 15x3@160ms" "separable+tcn 16x3@160ms"

Each student is distilled from the built-in CRNN (`response`) with thresholds chosen on the same validation clips, which
flatters all alike; test is not touched.
"""

import argparse
import sys

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.architecture import spelt
from search.setup.setting import setting
from sedkd.cost.summary import cost_of
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.teach.teacher import teacher_for
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

RESPONSE = {"response": {"temperature": 2.0, "weight": 2.0}}
SCORES = ("f1_segment", "f1_event")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", nargs="+", metavar="STUDENT")
    parser.add_argument("--env", default="street")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rate", type=float, default=0.02, help="learning rate (0.02)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found, device = setting(options.env), torch.device("cpu")
    environment = found.pool.environment(options.env)
    teacher = teacher_for(found.pool, "crnn", device, 0)
    task = Task(found.pool, environment, environment.events, teacher, device)
    print("| student | MACs/s | parameters | segment F1 | event F1 |\n|---|---|---|---|---|")
    for word in options.students:
        settings = spelt(word)
        if settings is None:
            raise SystemExit(f"{word}: expected such as separable+gru 16x3@160ms")
        print(f"| {word} | {' | '.join(row(task, settings, options))} |", flush=True)


def row(task: Task, settings: StudentSettings, options: argparse.Namespace) -> list[str]:
    results = []
    for seed in range(options.seeds):
        train = TrainSettings(steps=options.steps, learning_rate=options.rate, seed=seed)
        results.append(run_trial(Configuration(settings, train, strategy="response", parameters=RESPONSE), task))
    cost = cost_of(results[0].student, with_latency=False)
    cells = [f"{cost.macs / 1e6:.2f} M", str(cost.params)]
    for name in SCORES:
        values = np.array([result.scores.values[name] for result in results], float)
        cells.append(f"{values.mean():.3f} ± {values.std(ddof=1) if len(values) > 1 else 0:.3f}")
    return cells


if __name__ == "__main__":
    sys.exit(ended(main))

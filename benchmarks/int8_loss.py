"""How much of what eight bits seem to cost is lost, and how much is that thresholds were chosen by the float student.

Run: python -m benchmarks.int8_loss --env farm --data esc --teacher mn04_as --teacher-minutes 0 --out FOLDER \\
    --lookaheads 160 --architecture "separable 4x3"

Segment F1 on validation of each seed's student and of its int8 step, with thresholds chosen for the float one and for
the int8 one. "Chosen and scored on all of it" is what an export says: it flatters the float student, whose thresholds
fit its own rounding of these clips. "Cross-fitted" chooses on every other recording and scores on those between, twice.
Students are those of device_table.py, in the same FOLDER. Test is not touched.
"""

import sys

import numpy as np
import torch

from benchmarks.device_table import distinct, parser_of, student_of, task_of
from search.cli.guard import ended
from sedkd.export.int8_student import hearing
from sedkd.models.student import Student
from sedkd.score.postprocess import Answers, PostProcessing, tune
from sedkd.score.summary import score
from sedkd.task.task import Task

CRITERION = "f1_segment"
KINDS = ("float", "int8, float's thresholds", "int8, own thresholds")


def main() -> None:
    options = parser_of(__doc__).parse_args()
    torch.set_num_threads(1)
    task = task_of(options)
    print(f"| student, seed | {' | '.join(f'{kind}: chosen and scored on all | cross-fitted' for kind in KINDS)} |")
    print("|" + "---|" * (1 + 2 * len(KINDS)))
    for settings, words in distinct(options.architecture, options.lookaheads.split(",")):
        if not settings.quantises:
            raise SystemExit(f"{options.architecture}@{words}: has no int8.onnx")
        rows = []
        for seed in range(options.seeds):
            rows.append(row_of(task, student_of(task, settings, seed, options).student))
            print(line(f"{options.architecture}@{words}, {seed}", rows[-1]), flush=True)
        print(line(f"{options.architecture}@{words}, mean", np.mean(rows, axis=0)), flush=True)


def row_of(task: Task, student: Student) -> list[float]:
    """For each of KINDS the F1 with thresholds chosen on all of validation, and cross-fitted."""
    plain, eight = (hearing(student, task.training.recordings, int8)(task.validation) for int8 in (False, True))
    pairs = ((plain, plain), (eight, plain), (eight, eight))
    return [value for pair in pairs for value in (f1(pair[0], tune(pair[1], CRITERION)), cross_fitted(*pair))]


def cross_fitted(answers: Answers, chosen_by: Answers) -> float:
    """Mean F1 of each half of the recordings with thresholds chosen by answers for the other half."""
    return float(np.mean([f1(half(answers, 1 - side), tune(half(chosen_by, side), CRITERION)) for side in (0, 1)]))


def half(answers: Answers, side: int) -> Answers:
    """Every other recording, from the first (0) or the second (1)."""
    parts = (answers.probabilities, answers.filenames, answers.durations, answers.truth)
    return Answers(*(part[side::2] for part in parts), answers.labels, answers.frame_seconds)


def f1(answers: Answers, post: PostProcessing) -> float:
    return score(answers, post, with_psds=False).values[CRITERION] or 0.0


def line(name: str, values: "list[float] | np.ndarray") -> str:
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |"


if __name__ == "__main__":
    sys.exit(ended(main))

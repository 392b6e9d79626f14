"""How a peer's process talks with the benchmark: one JSON object a line. Needs nothing but Python.

The benchmark opens a run with {"seed", "space", "fidelities", "factor"}: what a training's checkpoints are called, and
of how many trainings one goes on from one to the next. The peer asks for trainings with {"trial", "continues",
"configuration", "until"}: a number of checkpoints, and the trial that goes on, if one does. It is answered {"losses":
[...]}, both to be minimised, or {"end": true} when the seconds are spent.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

Train = Callable[[str, str | None, dict[str, Any], int], list[float]]


class Spent(Exception):
    """The seconds of this run are spent."""


def serve(run: Callable[[dict[str, Any], Train], None]) -> None:
    """Do one run after another, until there are no more. What packages print goes to the error stream."""
    channel, sys.stdout = sys.stdout, sys.stderr
    lines = iter(sys.stdin)
    for line in lines:
        try:
            run(json.loads(line), _asking(lines, channel))
        except Spent:
            continue


def _asking(lines: Iterator[str], channel: TextIO) -> Train:
    def train(trial: str, continues: str | None, configuration: dict[str, Any], until: int) -> list[float]:
        message = {"trial": trial, "continues": continues, "configuration": configuration, "until": until}
        print(json.dumps(message), file=channel, flush=True)
        answer = json.loads(next(lines))
        if "end" in answer:
            raise Spent
        return answer["losses"]

    return train

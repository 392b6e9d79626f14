"""A made-up table, to try the benchmark on. Run: python -m benchmarks.replay.made_up OUT.json

Scores rise with the student's size and fall with a rate far from the best; curves rise to them with noise. Nothing is
to be learnt from what strategies do on it.
"""

import argparse
import math
import random
import sys
from pathlib import Path
from typing import Any

from benchmarks.replay.table import CHECKPOINTS, applying, default_space
from search.cli.guard import ended
from search.space.dimensions import Choice, Dimension, IntRange, Range
from search.space.space import Space
from sedkd.disk.json_file import write_json

STEPS = 150


def made_up(space: Space, rows: int, seed: int = 0) -> dict[str, Any]:
    """A table as the recorder writes it."""
    draw = random.Random(seed)
    return {
        "facts": {"environment": "made up"},
        "rows": [_row(_configuration(space, draw), draw) for _ in range(rows)],
    }


def _configuration(space: Space, draw: random.Random) -> dict[str, Any]:
    return applying(space, {d.name: _value(d, draw) for d in space.dimensions})


def _value(dimension: Dimension, draw: random.Random) -> Any:
    if isinstance(dimension, Choice):
        return draw.choice(dimension.choices)
    assert isinstance(dimension, Range)
    if isinstance(dimension, IntRange):
        return draw.randrange(int(dimension.low), int(dimension.high) + 1, dimension.step)
    return math.exp(draw.uniform(math.log(dimension.low), math.log(dimension.high)))


def _row(configuration: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    weight = 9 if configuration["student.block"] == "conv" else 2
    macs = 200.0 * configuration["student.width"] ** 1.8 * configuration["student.depth"] * weight
    rate = abs(math.log(configuration["train.learning_rate"] / 0.02))
    end = 0.1 * math.log10(macs) - 0.06 * rate + draw.gauss(0, 0.03)
    seconds = 5 + macs / 2e5
    return {"configuration": configuration, "macs": macs, **_training(end, seconds, draw)}


def _training(end: float, seconds: float, draw: random.Random) -> dict[str, Any]:
    curve = [_checkpoint(end, seconds, number / CHECKPOINTS, draw) for number in range(1, CHECKPOINTS + 1)]
    return {"f1": curve[-1]["f1"], "seconds": seconds + 0.5, "curve": curve}


def _checkpoint(end: float, seconds: float, share: float, draw: random.Random) -> dict[str, Any]:
    f1 = max(0.0, end - 0.3 * (1 - share) ** 2 + draw.gauss(0, 0.01))
    return {"step": STEPS * share, "seconds": seconds * share + 0.2, "f1": f1}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.replay.made_up", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    write_json(parser.parse_args().out, made_up(default_space(), 160))


if __name__ == "__main__":
    sys.exit(ended(main))

"""Training curves of configurations drawn at random from the default space: the table that `benchmarks/replay` reads.

Run: python benchmarks/record_curves.py --env farm --data DIR --teacher mn04_as --rows 120 --folder curves
     python benchmarks/record_curves.py ... --folder curves --join benchmarks/replay/farm.json
Every row is trained on one thread as drawn. Rows that lie in the folder are not trained again; `--part 0/2` and
`--part 1/2` share the work between two processes. Scores are validation's.
Seconds are the process's CPU time: on one thread, what a quiet machine would take, whatever runs beside it.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from search.cli.guard import ended
from search.setup.preparation import Subject, prepare
from search.study.opening import quiet_optuna
from search.study.records import fingerprint
from sedkd.disk.paths import written_atomically
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import run_trial

CHECKPOINTS = 8
BASE = TrainSettings(steps=100)


def drawn(space: Any, rows: int, seed: int) -> list[dict[str, Any]]:
    """Configurations at random, the same ones every time."""
    optuna = quiet_optuna()
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=seed))
    return [space.suggest(study.ask()) for _ in range(rows)]


def trained(values: dict[str, Any], task: Any) -> dict[str, Any]:
    """Final score, MACs, total seconds and curve of one training; `seconds` of the curve are those since it began."""
    start, at = time.process_time(), list[float]()
    result = run_trial(
        from_flat(values, BASE),
        task,
        report=lambda _: at.append(time.process_time() - start),
        checkpoints=CHECKPOINTS,
    )
    curve = [
        {"step": point.step, "seconds": round(seconds, 3), "f1": round(point.score, 4)}
        for point, seconds in zip(result.curve, at, strict=True)
    ]
    return {
        "f1": result.scores.values["f1_segment"],
        "macs": result.cost.macs,
        "seconds": round(time.process_time() - start, 3),
        "curve": curve,
    }


def record(task: Any, everything: list[dict[str, Any]], folder: Path, own: list[int]) -> None:
    """Train these rows as drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in own:
        _record(folder / f"row-{number:04d}.json", everything[number], task)


def _record(target: Path, values: dict[str, Any], task: Any) -> None:
    """Train one configuration, unless it lies there."""
    if target.exists():
        require_row(target, json.loads(target.read_text()), values)
        return
    found = trained(values, task)
    with written_atomically(target) as temporary:
        temporary.write_text(json.dumps({"configuration": values, **found}))
    print(f"{target.stem} {found['f1']:.3f} in {found['seconds']:5.1f} s", flush=True)


def require_row(target: Path, row: dict[str, Any], values: dict[str, Any]) -> None:
    """SystemExit where a file is of another configuration than what is drawn for its row."""
    if fingerprint(row["configuration"]) != fingerprint(values):
        raise SystemExit(f"{target}: of other draws (another --seed, say); record into another folder")


def join(folder: Path, facts: dict[str, Any], out: Path) -> None:
    """Write the table of all rows that were trained."""
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("row-*.json"))]
    out.write_text(json.dumps({"facts": facts, "rows": rows}))
    print(f"{out}: {len(rows)} rows")


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--teacher")
    parser.add_argument("--rows", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--part", default="0/1", help="which part of how many (0/1)")
    parser.add_argument("--join", type=Path, metavar="FILE", help="write the table of what is there, train nothing")
    options = parser.parse_args()
    if options.join:
        data = options.data.name if options.data else "built-in"
        facts = {"environment": options.env, "data": data, "teacher": options.teacher, "steps": BASE.steps}
        join(options.folder, facts, options.join)
        return
    torch.set_num_threads(1)
    prepared = prepare(
        Subject(options.env, (options.data,) if options.data else (), teacher=options.teacher), 0, lambda *_: None
    )
    index, parts = (int(text) for text in options.part.split("/"))
    everything = drawn(prepared.space, options.rows, options.seed)
    own = [n for n in range(options.rows) if n % parts == index]
    record(prepared.task, everything, options.folder, own)


if __name__ == "__main__":
    sys.exit(ended(main))

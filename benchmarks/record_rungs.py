"""Students drawn at random and trained rung by rung: the table that `benchmarks.replay.rungs` reads.

Run: python -m benchmarks.record_rungs --env farm --data DIR --teacher mn04_as --teacher-minutes 0 --folder rungs
     python -m benchmarks.record_rungs ... --folder rungs --join benchmarks/replay/farm-rungs.json
Rungs that lie in the folder are not trained again, so that it may be stopped at any time, and `--steps 2400` goes on
where `--steps 600` ended; `--part 0/2` and `--part 1/2` share the work between two processes, `--training-seed 1`
trains the same rows a second time. What another machine recorded, a table of `--join`, counts by `--begun`. Rows are
drawn from the default space as it is, or from the file of `--space`. Scores are validation's, seconds the process's CPU
time on one thread. A row that diverges is recorded as such.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.record_curves import drawn, require_row
from benchmarks.replay.table import content_of
from search.cli.guard import ended
from search.pareto.rungs import FEWEST_STEPS, rungs_of
from search.setup.identity import VERSION
from search.setup.preparation import Subject, prepare
from search.setup.same import material_of
from search.study.records import fingerprint
from sedkd.disk.paths import written_atomically
from sedkd.train.rate import warmup_of
from sedkd.train.settings import TrainSettings
from sedkd.train.trunk import Resume, load_trunk, save_trunk
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import cost_before_training, lack, run_trial

BASE = TrainSettings(warmup=warmup_of(FEWEST_STEPS))
DRAWN = 10  # for each row: most of the default space's students cost more than 1e6 MACs per second


def trainable(prepared: Any, rows: int, seed: int, most: float) -> list[tuple[dict[str, Any], float]]:
    """The first `rows` of random configurations that can be trained and cost at most `most` MACs per second, with what
    they cost."""
    found = []
    for values in drawn(prepared.space, DRAWN * rows, seed):
        configuration = from_flat(values, TrainSettings())
        if lack(configuration, prepared.task) is None:
            macs = cost_before_training(configuration, prepared.task.events).macs
            found += [(values, macs)] * (macs <= most)
    return found[:rows]


def record(target: Path, values: dict[str, Any], macs: float, task: Any, rungs: tuple[int, ...], seed: int) -> None:
    """Train one configuration from the rung that it has in the file to the last one; each is written as it ends."""
    material = material_of(task)
    row = {"configuration": values, "macs": macs, "seed": seed, "training": VERSION, "material": material, "rungs": []}
    if target.exists():
        row = json.loads(target.read_text())
        if row.get("training") != VERSION:
            raise SystemExit(f"{target}: trained as another version trains; record into another folder")
        require_row(target, row, values)
        if row.get("material", material) != material:
            raise SystemExit(f"{target}: of other recordings, labels or teachers; record into another folder")
    trunk = target.with_suffix(".trunk")
    for steps in rungs[len(row["rungs"]) :]:
        if "failed" in row:
            return
        try:
            row["rungs"].append(trained(values, task, replace(BASE, seed=seed, steps=steps), trunk))
        except Exception as error:
            row["failed"] = f"{type(error).__name__}: {error}"
        with written_atomically(target) as temporary:
            temporary.write_text(json.dumps(row))
        found = [(rung["steps"], round(rung["f1"], 3), rung["seconds"]) for rung in row["rungs"]]
        print(target.stem, found, row.get("failed", ""), flush=True)


def trained(values: dict[str, Any], task: Any, settings: TrainSettings, file: Path) -> dict[str, Any]:
    """Of one rung: steps, score, CPU seconds from where the training was put aside before, which lies in `file`, the
    step of that, and what training saw of the score on its way."""
    key = fingerprint(values)
    start, trunk = time.process_time(), load_trunk(file, key)
    resume = Resume(trunk, lambda kept: save_trunk(kept, file, key))
    result = run_trial(from_flat(values, settings), task, resume=resume)
    return {
        "steps": settings.steps,
        "f1": result.scores.values["f1_segment"],
        "seconds": round(time.process_time() - start, 3),
        "begun": trunk.step if trunk else 0,
        "curve": [{"step": point.step, "f1": round(point.score, 4)} for point in result.curve],
    }


def ended_in(table: Path, rungs: tuple[int, ...], seed: int) -> dict[str, dict[str, Any]]:
    """The rows of a table of `--join` that are at the last rung, or failed, by configuration."""
    rows = [row for row in content_of(table)["rows"] if row["seed"] == seed]
    return {
        fingerprint(row["configuration"]): row for row in rows if "failed" in row or len(row["rungs"]) >= len(rungs)
    }


def write_table(folder: Path, facts: dict[str, Any], rungs: tuple[int, ...], seed: int, out: Path) -> None:
    """The table of all rows that were trained to the last rung with this seed, or failed; what lies behind that rung is
    left out."""
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob(f"row-*-{seed}.json"))]
    ended = [row for row in rows if "failed" in row or len(row["rungs"]) >= len(rungs)]
    for row in ended:
        row["rungs"] = row["rungs"][: len(rungs)]
    out.write_text(json.dumps({"facts": facts, "rows": ended}))
    print(f"{out}: {len(ended)} rows; {len(rows) - len(ended)} others are not at {rungs[-1]} steps yet")


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher")
    parser.add_argument("--teacher-minutes", type=float)
    parser.add_argument("--space", type=Path, help="of the draws (the default one)")
    parser.add_argument("--steps", type=int, default=2400, help="of the last rung (2400)")
    parser.add_argument("--rows", type=int, default=160)
    parser.add_argument("--max-macs", type=float, default=1e6, help="of a row (1e6)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--training-seed", type=int, default=0, help="of the trainings")
    parser.add_argument("--part", default="0/1", help="which part of how many (0/1)")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--begun", type=Path, metavar="FILE", help="a table whose rows are not trained again")
    parser.add_argument("--join", type=Path, metavar="FILE", help="write the table of what is there, train nothing")
    options = parser.parse_args()
    if options.join:
        facts = {"environment": options.env, "data": options.data.name, "teacher": options.teacher,
                 "steps": options.steps, "max_macs": options.max_macs}  # fmt: skip
        write_table(options.folder, facts, rungs_of(options.steps), options.training_seed, options.join)
        return
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    subject = Subject(
        options.env, (options.data,), space=options.space, teacher=options.teacher,
        teacher_minutes=options.teacher_minutes,
    )  # fmt: skip
    prepared = prepare(subject, 0, lambda *_: None)
    rungs, seed = rungs_of(options.steps), options.training_seed
    index, parts = (int(text) for text in options.part.split("/"))
    rows = trainable(prepared, options.rows, options.seed, options.max_macs)
    there = ended_in(options.begun, rungs, seed) if options.begun else {}
    for number, (values, macs) in enumerate(rows):
        if number % parts == index:
            target, before = options.folder / f"row-{number:04d}-{seed}.json", there.get(fingerprint(values))
            if before is not None and not target.exists():
                target.write_text(json.dumps(before))
            record(target, values, macs, prepared.task, rungs, seed)


if __name__ == "__main__":
    sys.exit(ended(main))

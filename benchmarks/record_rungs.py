"""Students drawn at random and trained rung by rung: the table that `benchmarks.replay.rungs` reads.

Run: python benchmarks/record_rungs.py --env farm --data DIR --teacher mn04_as --teacher-minutes 0 --folder rungs
     python benchmarks/record_rungs.py ... --folder rungs --join benchmarks/replay/farm-rungs.json
Rows that lie in the folder are not trained again, so that it may be stopped at any time. Scores are validation's,
seconds the process's CPU time on one thread. A row that diverges is recorded as such.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.record_curves import drawn, join
from search.pareto.rungs import rungs_of
from search.setup.preparation import Subject, prepare
from sedkd.disk.paths import written_atomically
from sedkd.train.rate import warmup_of
from sedkd.train.settings import TrainSettings
from sedkd.train.trunk import Resume, Trunk
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import cost_before_training, lack, run_trial


def trained(values: dict[str, Any], task: Any, rungs: tuple[int, ...]) -> list[dict[str, Any]]:
    """Of each rung: steps, score, CPU seconds from where the training was put aside before, and the step of that."""
    base, found, trunk = TrainSettings(warmup=warmup_of(rungs[0])), [], None
    for steps in rungs:
        kept: list[Trunk] = []
        start, begun = time.process_time(), trunk.step if trunk else 0
        configuration = from_flat(values, replace(base, steps=steps))
        result = run_trial(configuration, task, resume=Resume(trunk, kept.append))
        seconds = round(time.process_time() - start, 3)
        found.append({"steps": steps, "f1": result.scores.values["f1_segment"], "seconds": seconds, "begun": begun})
        trunk = kept[0] if kept else None
    return found


def record(target: Path, values: dict[str, Any], task: Any, rungs: tuple[int, ...], most: float) -> None:
    """Train one configuration, unless it lies there, cannot be trained or costs more than `most` MACs per second."""
    configuration = from_flat(values, TrainSettings())
    if target.exists() or lack(configuration, task):
        return
    macs = cost_before_training(configuration, task.events).macs
    if macs > most:
        return
    try:
        found: dict[str, Any] = {"rungs": trained(values, task, rungs)}
    except Exception as error:
        found = {"failed": f"{type(error).__name__}: {error}"}
    with written_atomically(target) as temporary:
        temporary.write_text(json.dumps({"configuration": values, "macs": macs, **found}))
    print(target.stem, found, flush=True)


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher")
    parser.add_argument("--teacher-minutes", type=float)
    parser.add_argument("--steps", type=int, default=600, help="of the last rung (600)")
    parser.add_argument("--rows", type=int, default=100, help="that are drawn; those above --max-macs are left out")
    parser.add_argument("--max-macs", type=float, default=2e6)
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--join", type=Path, metavar="FILE", help="write the table of what is there, train nothing")
    options = parser.parse_args()
    if options.join:
        facts = {"environment": options.env, "data": options.data.name, "teacher": options.teacher,
                 "steps": options.steps, "max_macs": options.max_macs}  # fmt: skip
        join(options.folder, facts, options.join)
        return
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, teacher_minutes=options.teacher_minutes)
    prepared = prepare(subject, 0, lambda *_: None)
    rungs = rungs_of(options.steps)
    for number, values in enumerate(drawn(prepared.space, options.rows, options.seed)):
        record(options.folder / f"row-{number:04d}.json", values, prepared.task, rungs, options.max_macs)


if __name__ == "__main__":
    main()

"""How preparation grows with hours of audio: time, memory, disk, on SYNTHETIC clips (noise and tones, made here).

Run: python benchmarks/size.py [--hours 0.1 0.3 1] [--keep DIR]
Each size is prepared twice, in processes of its own over a cache of its own: cold (headers, hashing, features, a small
untrained teacher's outputs, for only time and size matter here) and warm (what `sedkd-search` does before its first
trial, when all of it is there, Python's start and imports included). Memory is the peak over the tree of processes:
all resident pages, and of them the anonymous ones, which, unlike those of mapped files, the system cannot take back.
Prints a table, straight lines through it, and what they EXTRAPOLATE to at 100 hours; nothing is asserted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from search.cli.guard import ended

RATE, CLIP_SECONDS, LABELS = 16_000, 10.0, ("low", "high")
PITCH = {"low": 400.0, "high": 2500.0}
LABELLED = {"train": 12, "validation": 6}
FAR = 100.0  # hours
STAGES = ("headers", "hashing", "features", "teacher")
SAMPLE_SECONDS = 0.05


def make_data(root: Path, hours: float) -> None:
    """An environment `made` whose training clips last so many hours, nearly all unlabelled; and a teacher file."""
    import soundfile

    from sedkd.data.events import Event, write_annotations
    from sedkd.models.checkpoint import save_model
    from sedkd.models.settings import StudentSettings
    from sedkd.models.student import Student

    counts = {**LABELLED, "unlabeled": max(round(hours * 3600 / CLIP_SECONDS) - LABELLED["train"], 1)}
    time_axis = np.arange(round(RATE * CLIP_SECONDS)) / RATE
    for place, (split, count) in enumerate(counts.items()):
        folder = root / "data" / "made" / split
        folder.mkdir(parents=True)
        truth = {}
        for number in range(count):
            rng = np.random.default_rng([place, number])
            label, onset = LABELS[number % 2], float(rng.uniform(0, 5))
            audio = 0.05 * rng.standard_normal(len(time_axis), dtype=np.float32)
            inside = (time_axis >= onset) & (time_axis < onset + 3)
            audio[inside] += 0.3 * np.sin(2 * np.pi * PITCH[label] * time_axis[inside])
            soundfile.write(folder / f"{number:06d}.wav", audio, RATE)
            truth[f"{number:06d}.wav"] = [Event(round(onset, 3), round(onset + 3, 3), label)]
        if split in LABELLED:
            write_annotations(root / "data" / "made" / f"{split}.tsv", truth)
    save_model(Student(StudentSettings(8, 3, "separable", "gru"), LABELS), root / "teacher.safetensors")


def cold(root: Path) -> dict[str, float]:
    """Seconds of each stage, with an empty cache."""
    import torch

    from sedkd.data.pool import folder_pool
    from sedkd.data.recordings import content_hashes
    from sedkd.features.pack import features_of
    from sedkd.features.settings import STUDENT_FEATURES
    from sedkd.models.settings import STRIDE
    from sedkd.teach.targets import teacher_outputs
    from sedkd.teach.teacher import teacher_for
    from sedkd.train.corpus import corpus_from
    from sedkd.train.split import FRAME_SECONDS

    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        clock = time.perf_counter()
        found = work()
        seconds[stage] = time.perf_counter() - clock
        return found

    pool = folder_pool(root / "data", {}, "made")
    teacher = teacher_for(pool, str(root / "teacher.safetensors"), torch.device("cpu"))
    clips = timed("headers", lambda: [*pool.training("made"), *pool.unlabeled("made")])
    timed("hashing", lambda: content_hashes([clip.path for clip in clips]))
    pack = timed("features", lambda: features_of(clips, STUDENT_FEATURES))
    grid = corpus_from(clips, pack, STRIDE, FRAME_SECONDS, LABELS, pool.annotated)
    timed("teacher", lambda: teacher_outputs(teacher, clips, pool, grid, FRAME_SECONDS))
    return seconds


def start(root: Path) -> dict[str, float]:
    """What a search does before its first trial."""
    from search.setup.preparation import Subject, prepare

    subject = Subject("made", (root / "data",), teacher=str(root / "teacher.safetensors"))
    task = prepare(subject, 0, lambda *_: None).task
    task.training, task.validation  # noqa: B018  made when they are asked for
    return {}


def watched(stage: str, root: Path) -> dict[str, float]:
    """Run a stage in a process of its own: its answer, its wall-clock seconds, the peak memory of its tree in bytes."""
    clock, peak = time.perf_counter(), {"resident": 0.0, "anonymous": 0.0}
    environment = {**os.environ, "SEDKD_CACHE": str(root / "cache")}
    command = [sys.executable, __file__, "--stage", stage, "--keep", str(root)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            now = memory_of(process.pid)
            peak = {kind: max(peak[kind], now[kind]) for kind in peak}
            time.sleep(SAMPLE_SECONDS)
        assert process.stdout is not None
        answer = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{stage}: ended with {process.returncode}")
    return {**json.loads(answer.splitlines()[-1]), "seconds": time.perf_counter() - clock, **peak}


def memory_of(pid: int) -> dict[str, float]:
    """Resident and anonymous bytes of a process and all below it, from Linux's /proc."""
    total = {"resident": 0.0, "anonymous": 0.0}
    names = {"VmRSS": "resident", "RssAnon": "anonymous"}
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in names:
                total[names[name]] += 1024.0 * int(value.split()[0])
        children = [
            int(p) for task in Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()
        ]
    except OSError:  # it has ended meanwhile
        return total
    for child in children:
        below = memory_of(child)
        total = {kind: total[kind] + below[kind] for kind in total}
    return total


def measured(hours: float, root: Path) -> dict[str, float]:
    """Everything about one size; `root` is an empty folder."""
    make_data(root, hours)
    time.sleep(2.5)  # the hashes of files that were just written are not remembered
    first = watched("cold", root)
    again = watched("start", root)  # validation's features are made here
    warm = watched("start", root)
    size = sum(file.stat().st_size for file in (root / "cache").rglob("*") if file.is_file())
    return {
        **{f"{stage} s": first[stage] for stage in STAGES},
        "cold peak MB": first["resident"] / 1e6,
        "cold anonymous MB": first["anonymous"] / 1e6,
        "start, first s": again["seconds"],
        "start, warm s": warm["seconds"],
        "warm peak MB": warm["resident"] / 1e6,
        "warm anonymous MB": warm["anonymous"] / 1e6,
        "cache MB": size / 1e6,
    }


def show(hours: list[float], rows: list[dict[str, float]]) -> None:
    """The table, the lines through it, and where they lead."""
    print(
        f"{'':<22}" + "".join(f"{f'{h:g} h':>12}" for h in hours) + (f"{f'{FAR:g} h*':>12}" if len(hours) > 1 else "")
    )
    for name in rows[0]:
        values = [row[name] for row in rows]
        far = ""
        if len(hours) > 1:
            slope = max(float(np.polyfit(hours, values, 1)[0]), 0.0)  # less audio never costs more: that is noise
            offset = float(np.mean(np.subtract(values, np.multiply(slope, hours))))
            far = f"{offset + slope * FAR:>12.1f}   {offset:.2f} + {slope:.2f} per hour"
        print(f"{name:<22}" + "".join(f"{value:>12.2f}" for value in values) + far)
    spent = [sum(row[f"{stage} s"] for stage in STAGES) for row in rows]
    print(f"{'hours per minute':<22}" + "".join(f"{60 * h / s:>12.2f}" for h, s in zip(hours, spent, strict=True)))
    if len(hours) > 1:
        print(f"* EXTRAPOLATED by a straight line through the sizes before; {FAR:g} hours were not run.")
    else:
        print("one size makes no line: give more --hours for an extrapolation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, nargs="+", default=[0.1, 0.3, 1.0])
    parser.add_argument("--keep", type=Path, help="an empty folder for audio and caches (default: a temporary one)")
    parser.add_argument("--stage", choices=("cold", "start"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        print(json.dumps((cold if options.stage == "cold" else start)(options.keep)))
        return
    print(f"SYNTHETIC clips of {CLIP_SECONDS:g} s at {RATE} Hz; {len(os.sched_getaffinity(0))} cores")
    rows = []
    for hours in options.hours:
        with tempfile.TemporaryDirectory(dir=options.keep, prefix=f"{hours:g}h-") as folder:
            rows.append(measured(hours, Path(folder)))
    show(options.hours, rows)


if __name__ == "__main__":
    sys.exit(ended(main))

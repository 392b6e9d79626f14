"""A small real data folder with a teacher, for studies that take seconds."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from ready_store import ready

from sedkd.data.events import Event, write_annotations
from sedkd.models.checkpoint import save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

RATE = 16000
SECONDS = 2.0
PITCH = {"bell": 1500.0, "hum": 200.0}
COUNTS = {"train": 6, "validation": 4, "test": 4, "unlabeled": 3}

SPACE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.depth: {type: int, low: 2, high: 3}
  student.head: {type: choice, of: [none, gru]}
  strategy: {type: choice, of: [none, response, response+hint], default: response}
  train.learning_rate: {type: float, low: 0.001, high: 0.01, log: true, default: 0.003}
  train.unlabeled_share: {type: choice, of: [0.0, 0.5], default: 0.5, when: {strategy: [response, response+hint]}}
  response.temperature: {type: float, low: 1, high: 4}
"""


def write_clip(path: Path, rng: np.random.Generator) -> list[Event]:
    """Noise with one or two tones, each a class."""
    time = np.arange(round(RATE * SECONDS)) / RATE
    audio = 0.01 * rng.standard_normal(len(time))
    events = []
    for label in rng.permutation(list(PITCH))[: rng.integers(1, 3)]:
        onset = round(float(rng.uniform(0, 1)), 2)
        offset = round(onset + float(rng.uniform(0.4, 0.9)), 2)
        audio += 0.3 * np.sin(2 * np.pi * PITCH[label] * time) * ((time >= onset) & (time < offset))
        events.append(Event(onset, offset, str(label)))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio.astype(np.float32), RATE)
    return events


def write_environment(root: Path, name: str, seed: int) -> None:
    """One environment of the generic folder."""
    rng = np.random.default_rng(seed)
    for split, count in COUNTS.items():
        truth = {f"{i}.wav": write_clip(root / name / split / f"{i}.wav", rng) for i in range(count)}
        if split != "unlabeled":
            write_annotations(root / name / f"{split}.tsv", truth)


def write_farm(folder: Path) -> Path:
    """`folder/recordings` with the environments farm and yard, a teacher file and a space file beside it."""
    root = folder / "recordings"
    write_environment(root, "farm", 1)
    write_environment(root, "yard", 2)
    save_model(Student(StudentSettings(8, 2), ("bell", "hum")), folder / "teacher.safetensors")
    (folder / "space.yaml").write_text(SPACE)
    return root


def arguments(root: Path, trials: int, **more: object) -> list[str]:
    """The arguments of a small search over `farm`, in a store that is ready for it."""
    folder = root.parent
    ready(Path(str(more.get("store", folder / "runs"))))
    fixed = {"env": "farm", "data": root, "teacher": folder / "teacher.safetensors", "space": folder / "space.yaml"}
    options = {**fixed, "trials": trials, "steps": 6, "store": folder / "runs", **more}
    return [text for key, value in options.items() for text in (f"--{key.replace('_', '-')}", str(value))]


def start(module: str, *words: str, cwd: Path) -> subprocess.Popen:
    """A command in a process of its own, as a person starts it, from a directory that is not the project's."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen, timeout: float = 300) -> str:
    """Its stdout; fails with its stderr when it did not end well."""
    out, errors = process.communicate(timeout=timeout)
    assert process.returncode == 0, errors
    return out


def quick_search(words: list[str], listener: Any = None) -> tuple[Any, Any]:
    """What `sedkd-search` does with these words, but for the test split and MLflow; the study and what was planned."""
    from search.cli.search import parser, request_of
    from search.sampling.choice import with_sampler
    from search.setup.request import planned
    from search.study.opening import open_study
    from search.trials.beginning import begin
    from search.trials.loop import search

    request = request_of(parser().parse_args(words))
    ready = planned(request, lambda *_: None)
    study = open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives)
    begin(study, ready.plan)
    search(with_sampler(study, ready.plan, request.seed), ready.plan, listener or Deaf(), lambda: None)
    return study, ready


class Deaf:
    """A listener that keeps what failed."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def begin(self, *_: Any) -> None: ...

    def stage(self, *_: Any) -> None: ...

    def end(self, *_: Any) -> None: ...

    def failed(self, number: int, reason: str) -> None:
        self.reasons.append(reason)


def workers_of(process: subprocess.Popen) -> list[int]:
    """The process ids of a command's workers (not of what helps them to start)."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if parent == process.pid and "spawn_main" in command:
            found.append(int(entry.name))
    return found

"""The C library of an export, compiled here under sanitizers."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sedkd.device.golden import FULL_SCALE
from sedkd.export.reading import FACTS

LIBRARY = ("fft", "frontend", "decisions", "detector", "network", "tables")
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-fsanitize=address,undefined")
STRICT_END = ("-fno-sanitize-recover=all",)
PROBE = Path(__file__).parents[1] / "device" / "probe.c"


class Told(NamedTuple):
    """What a detector told of a recording."""

    frames: np.ndarray
    answers: np.ndarray
    begun: list[tuple[float, str]]
    ended: list[tuple[float, float, str]]


def require_compiler() -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    pytest.importorskip("emx_onnx_cgen", reason="the extra `device` is not installed")


def compiled(folder: Path, main: Path, program: Path, *flags: str) -> Path:
    sources = [main, *(folder / f"sedkd_{name}.c" for name in LIBRARY), folder / "network.c"]
    command = ["gcc", *STRICT, *STRICT_END, *flags, "-I", folder, "-o", program, *sources, "-lm"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def set_filters(export: Path, medians: tuple[int, ...]) -> None:
    """Change the median filters of an export."""
    facts = json.loads((export / FACTS).read_text())
    (export / FACTS).write_text(json.dumps({**facts, "median_frames": list(medians)}))


def probed(program: Path, samples: np.ndarray, labels: int, scratch: Path, n_mels: int = 64) -> Told:
    """Run the probe on 16-bit samples."""
    files = [scratch / "frames", scratch / "answers"]
    done = subprocess.run([program, *files], input=samples.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    frames, answers = (np.fromfile(file, np.float32) for file in files)
    lines = [line.split(" ", 3) for line in done.stdout.decode().splitlines()]
    begun = [(float(line[1]), " ".join(line[2:])) for line in lines if line[0] == "begun"]
    ended = [(float(line[1]), float(line[2]), line[3]) for line in lines if line[0] == "ended"]
    return Told(frames.reshape(-1, n_mels), answers.reshape(-1, labels), begun, ended)


def heard(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / FULL_SCALE

"""What eight bits would take of a Cortex-M4 as emx-onnx-cgen writes them, beside float: the network alone, compiled.

Run: python benchmarks/int8_c.py "separable 16x3" "separable+tcn 16x3" "conv 24x3"

The students are untrained and the ranges those of noise: neither changes a size. The generated C computes in float: it
restores weights and activations from eight bits before each layer, here as late as can be.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.architecture import spelt
from sedkd.cost.placing import Array, placed
from sedkd.device.network import CALL, ENTRY, _generated, _shape
from sedkd.export.int8 import SiteClips, export_int8
from sedkd.export.stream_model import export_stream
from sedkd.models.student import Student

LABELS = ("a", "b", "c", "d", "e")
BYTES = {"float": 4, "int32_t": 4, "int8_t": 1, "uint8_t": 1}
TENSOR = re.compile(r"    (\w+) (\w+)((?:\[\d+\])+);")
TARGET = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-Os", "-std=c99")


def main() -> None:
    print("| student, 160 ms | network in C | flash, B | working RAM, B |\n|---|---|---|---|")
    for word in sys.argv[1:]:
        settings = spelt(word)
        if settings is None:
            raise SystemExit(f"{word}: expected such as separable+gru 16x3")
        torch.manual_seed(0)
        student = Student(replace(settings, lookahead=160), LABELS)
        noise = [np.random.default_rng(0).standard_normal((400, settings.n_mels)).astype(np.float32)]
        with tempfile.TemporaryDirectory() as folder:
            stream, eight = Path(folder) / "stream.onnx", Path(folder) / "int8.onnx"
            facts = export_stream(student, stream)
            export_int8(stream, eight, facts, SiteClips(noise, noise, lambda found: {}))
            for path in (stream, eight):
                print(f"| {word} | {path.stem} | {flash(path)} | {working(_generated(path))} |", flush=True)


def flash(path: Path) -> int:
    source, target = path.with_suffix(".c"), path.with_suffix(".o")
    source.write_text(_generated(path))
    subprocess.run(["arm-none-eabi-gcc", *TARGET, "-ffunction-sections", "-c", "-o", target, source], check=True)
    found = subprocess.run(["arm-none-eabi-size", target], check=True, capture_output=True, text=True).stdout
    return sum(map(int, found.splitlines()[-1].split()[:2]))


def working(text: str) -> int:
    """Bytes of the arrays between the calls, if those that are never needed together share their place."""
    body = text.partition(f"void {ENTRY}(")[2].partition(") {\n")[2].partition("\n}")[0].splitlines()
    tensors = {found[2]: prod(_shape(found[3])) * BYTES[found[1]] for line in body if (found := TENSOR.fullmatch(line))}
    calls = _late([found[2].split(", ") for line in body if (found := CALL.fullmatch(line))], set(tensors))
    uses = {name: [i for i, names in enumerate(calls) if name in names] for name in tensors}
    return placed([Array(name, size, uses[name][0], uses[name][-1]) for name, size in tensors.items()])[1]


def _late(calls: list[list[str]], tensors: set[str]) -> list[list[str]]:
    """The calls in their order; those that read nothing but constants just before their result is read."""
    given = re.compile(r"frames|state_\d+")
    early = {call[-1]: call for call in calls if not any(n in tensors or given.fullmatch(n) for n in call[:-1])}
    order: list[list[str]] = []
    for call in calls:
        if call[-1] not in early:
            order += [early.pop(name) for name in call[:-1] if name in early]
            order.append(call)
    return order


if __name__ == "__main__":
    sys.exit(ended(main))

"""What a student takes of a microcontroller is known from its architecture, and is what its C takes."""

import re
import shutil
import subprocess
from math import prod
from pathlib import Path

import pytest
import torch
from c_library import require_compiler
from exported import LABELS, moving_student, noise, write_export

from sedkd.cost.device import device_cost
from sedkd.cost.placing import Array, placed
from sedkd.cost.step_memory import weight_bytes_of, working_bytes
from sedkd.cost.summary import cost_of
from sedkd.device.network import network_source
from sedkd.device.writing import write_device
from sedkd.export.bundle import DEVICE
from sedkd.export.stream_model import export_stream
from sedkd.models.checkpoint import load_model
from sedkd.models.settings import StudentSettings
from sedkd.models.step import StreamStep
from sedkd.models.student import Student

CONSTANT = re.compile(r"^const EMX_UNUSED float \w+((?:\[\d+\])+) = ", re.MULTILINE)


def test_arrays_that_never_meet_share_their_place() -> None:
    arrays = [Array("a", 4, 0, 1), Array("b", 2, 1, 2), Array("c", 4, 2, 3)]
    places, size = placed(arrays)
    assert (places["a"], places["b"], places["c"], size) == (0, 4, 0, 6)


@pytest.mark.parametrize(
    "settings",
    [
        StudentSettings(3, 2, "conv", "gru", lookahead=160),
        *(
            pytest.param(student, marks=pytest.mark.slow)
            for student in (
                StudentSettings(3, 1, "separable", lookahead=0),
                StudentSettings(3, 5, lookahead=0, n_mels=24, hop=40),
                StudentSettings(3, 2, "separable", "tcn", lookahead=160),
                StudentSettings(2, 5, "separable", lookahead=480),
            )
        ),
    ],
    ids=repr,
)
def test_the_generated_c_has_so_much_memory_and_so_many_weights(settings: StudentSettings, tmp_path: Path) -> None:
    pytest.importorskip("emx_onnx_cgen", reason="the extra `device` is not installed")
    student = moving_student(settings)
    source = network_source(tmp_path / "stream.onnx", export_stream(student, tmp_path / "stream.onnx"))
    step = StreamStep(Student(settings, LABELS))  # of the architecture alone
    memory = re.search(r"static float memory\[(\d+)\]", source)
    assert memory is not None
    assert working_bytes(step) == 4 * int(memory[1])
    constants = [prod(map(int, re.findall(r"\d+", shape))) for shape in CONSTANT.findall(source)]
    assert weight_bytes_of(step) == 4 * sum(constants)


@pytest.fixture(params=["many bands", "few bands"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports with C."""
    require_compiler()
    if request.param == "many bands":
        return request.getfixturevalue("device_export")
    student = moving_student(StudentSettings(4, 3, lookahead=160, n_mels=24, hop=40))
    folder = write_export(student, tmp_path_factory.mktemp("few"))
    write_device(folder, noise(3.0, seed=5)[:, 0])
    return folder


def test_what_a_cortex_m4_links(exported: Path, tmp_path: Path) -> None:
    """RAM to the byte, with the longest filters; flash as well as code can be guessed."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    device = tmp_path / DEVICE
    shutil.copytree(exported / DEVICE, device)
    tables = device / "sedkd_tables.h"
    text, changed = re.subn(r"(?<=LONGEST_MEDIAN )\d+", "15", tables.read_text())
    assert changed == 1
    tables.write_text(text)
    made = subprocess.run(["make", "-s", "-C", device, "cortex-m4"], capture_output=True, text=True, check=True)
    code, data, zeros = map(int, made.stdout.splitlines()[-1].split()[:3])
    student = load_model(exported / "model.safetensors")
    ram, flash = device_cost(student)
    assert ram == data + zeros
    assert flash is not None
    assert abs(flash - code - data) < 256


def test_costs_of_students_for_streams_alone() -> None:
    torch.manual_seed(0)
    streamed, whole = (Student(StudentSettings(3, 2, lookahead=ahead), LABELS) for ahead in (160, "full"))
    assert device_cost(whole) == (None, None)
    cost = cost_of(streamed, with_latency=False)
    assert (cost.ram, cost.flash) == device_cost(streamed)
    wider = cost_of(Student(StudentSettings(4, 2, lookahead=160), (*LABELS, "hum")), with_latency=False)
    assert cost.ram is not None
    assert wider.ram is not None
    assert wider.ram > cost.ram

"""The C library, compiled as strictly as gcc can, tells what the streamed student tells."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_library import compiled, heard, probed, require_compiler, set_filters
from exported import LABELS, moving_student, noise, write_export

from sedkd.data.audio import read_audio
from sedkd.device.golden import pcm
from sedkd.device.writing import write_device
from sedkd.export.bundle import DEVICE
from sedkd.models.settings import StudentSettings
from sedkd.stream.decisions import Onset, StreamDecisions
from sedkd.stream.detection import Detection
from sedkd.stream.frontend import StreamFrontend
from sedkd.stream.network import StreamNetwork
from sedkd.synth.builtin import render_clip

FEW_BANDS = StudentSettings(4, 5, lookahead=160, n_mels=24, hop=40)


SLOW = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("conv+gru", "separable+tcn")]


@pytest.fixture(scope="module", params=["separable", "few bands", *SLOW])
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with C and a look-ahead of two answers; with few bands and a long hop; with no look-ahead, long filters and a
    GRU; with a TCN."""
    require_compiler()
    if request.param == "separable":
        return request.getfixturevalue("device_export")
    block, _, head = request.param.partition("+")
    settings = StudentSettings(4, 2, block, head, lookahead=0) if head else FEW_BANDS
    folder = write_export(moving_student(settings), tmp_path_factory.mktemp("own"))
    set_filters(folder, (15, 3))
    write_device(folder, noise(3.0, seed=5)[:, 0])
    return folder


@pytest.fixture(scope="module")
def probe(export: Path) -> Path:
    return compiled(export / DEVICE, Path(__file__).parent / "probe.c", export / "probe")


def same(export: Path, probe: Path, samples: np.ndarray, scratch: Path) -> int:
    """Assert that both tell the same of 16-bit samples; the number of events."""
    network = StreamNetwork(export)
    bundle, frontend = network.bundle, StreamFrontend(network.bundle.features)
    frames = np.concatenate([frontend.feed(heard(samples)), frontend.finish()])
    answers = np.concatenate([network.feed(frames), network.finish()])
    decisions = StreamDecisions(bundle.labels, bundle.post, bundle.frame_seconds)
    told = decisions.feed(answers) + decisions.finish(len(samples) / bundle.features.rate)
    found = probed(probe, samples, len(LABELS), scratch, frames.shape[1])
    assert found.frames.shape == frames.shape
    assert found.answers.shape == answers.shape
    np.testing.assert_allclose(found.frames, frames, atol=1e-4)
    np.testing.assert_allclose(found.answers, answers, atol=1e-4)
    if len(answers) and np.abs(answers - np.array(bundle.post.thresholds)).min() < 1e-6:
        return 0  # an answer lies on its threshold: rounding decides
    ended = [each.event for each in told if isinstance(each, Detection)]
    assert [(e.onset, e.offset, e.event_label) for e in ended] == found.ended
    assert [tuple(each) for each in told if isinstance(each, Onset)] == found.begun
    return len(ended)


@pytest.mark.parametrize("count", [0, 1, 319, 320, 639, 641, 896, 1280, 1281, 12801])
def test_any_length(export: Path, probe: Path, tmp_path: Path, count: int) -> None:
    same(export, probe, pcm(noise(1.0, seed=count)[:count, 0]), tmp_path)


def test_long_noise(export: Path, probe: Path, tmp_path: Path) -> None:
    assert same(export, probe, pcm(noise(30.01, seed=9)[:, 0]), tmp_path) > 5


def test_built_in_sounds(export: Path, probe: Path, tmp_path: Path) -> None:
    same(export, probe, pcm(render_clip("street", "validation", 1).audio), tmp_path)


def test_real_audio(export: Path, probe: Path, tmp_path: Path, shared: Path) -> None:
    paths = sorted((shared / "data" / "esc10").glob("*/*.ogg"))[::40]
    assert sum(same(export, probe, pcm(read_audio(path, 16000)), tmp_path) for path in paths) > 5


def test_silence_and_full_scale(export: Path, probe: Path, tmp_path: Path) -> None:
    extremes = np.where(np.arange(16000) // 50 % 2, 32767, -32768).astype(np.int16)
    for samples in (np.zeros(16000, np.int16), extremes):
        same(export, probe, samples, tmp_path)


def test_golden_vectors(export: Path, tmp_path: Path) -> None:
    program = compiled(export / DEVICE, export / DEVICE / "check.c", tmp_path / "check")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    frames = 16 * StreamNetwork(export).facts.stride
    assert done.stdout.startswith(f"{frames} of {frames} frames, 16 of 16 answers;")
    assert done.stdout.endswith(": the same\n")


def test_golden_vectors_notice_a_difference(device_export: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(device_export / DEVICE, changed)
    tables = changed / "sedkd_tables.h"
    tables.write_text(tables.read_text().replace("SEDKD_LOG_SHIFT 0.0f", "SEDKD_LOG_SHIFT 0.01f"))
    program = compiled(changed, changed / "check.c", tmp_path / "check")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DIFFERENT" in done.stdout


@pytest.mark.slow
def test_single_precision_is_near(device_export: Path, tmp_path: Path) -> None:
    """As on a device whose FPU knows no other: the answers are the same within a ten-thousandth."""
    main = Path(__file__).parent / "probe.c"
    program = compiled(device_export / DEVICE, main, tmp_path / "probe", "-DSEDKD_REAL=float")
    samples, network = pcm(noise(10.0, seed=2)[:, 0]), StreamNetwork(device_export)
    frontend = StreamFrontend(network.bundle.features)
    frames = np.concatenate([frontend.feed(heard(samples)), frontend.finish()])
    answers = np.concatenate([network.feed(frames), network.finish()])
    found = probed(program, samples, len(LABELS), tmp_path)
    np.testing.assert_allclose(found.frames, frames, atol=5e-3)
    np.testing.assert_allclose(found.answers, answers, atol=1e-4)


def test_golden_vectors_notice_what_is_no_number(device_export: Path, tmp_path: Path) -> None:
    """Also where a good answer follows."""
    changed = tmp_path / "changed"
    shutil.copytree(device_export / DEVICE, changed)
    golden = changed / "golden.h"
    text = golden.read_text()
    first = re.search(r"golden_probabilities[^{]*\{\s*\{?\s*([-+.0-9ef]+)", text)
    assert first
    text = text[: first.start(1)] + "NAN" + text[first.end(1) :]
    golden.write_text(text)
    program = compiled(changed, changed / "check.c", tmp_path / "check")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (done.returncode, "DIFFERENT" in done.stdout) == (1, True)

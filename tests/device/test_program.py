"""The program `listen`: whatever comes in, events or one line."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_library import compiled
from exported import LABELS, noise

from sedkd.device.golden import pcm
from sedkd.export.bundle import DEVICE

HEADER = "onset\toffset\tevent_label\n"
SINGLE = ("check.c", "main.c", "firmware.c")
IN_CPP = """#include <cstdio>
#include "sedkd_detector.h"
#include "sedkd_fft.h"

int main()
{
    static sedkd_detector detector;
    static SEDKD_REAL wave[SEDKD_N_FFT], power[SEDKD_N_FFT / 2 + 1];
    const sedkd_listener listener = {};
    const int16_t samples[2 * SEDKD_HOP] = {};
    sedkd_power_spectrum(wave, power);
    sedkd_detector_reset(&detector, &listener);
    sedkd_detector_feed(&detector, samples, 2 * SEDKD_HOP);
    sedkd_detector_finish(&detector);
    std::puts(sedkd_labels[0]);
}
"""
PAST = "; give 16-bit little-endian mono PCM at 16000 Hz\n"


@pytest.fixture(scope="module")
def program(device_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(device_export / DEVICE, device_export / DEVICE / "main.c", tmp_path_factory.mktemp("c") / "listen")


def run(program: Path, data: bytes) -> tuple[int, str, str]:
    done = subprocess.run([program], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_events_as_a_table(program: Path) -> None:
    code, out, err = run(program, pcm(noise(20.0, seed=9)[:, 0]).tobytes())
    assert (code, err) == (0, "")
    assert out.startswith(HEADER)
    rows = [line.split("\t") for line in out.splitlines()[1:]]
    assert {label for _, _, label in rows} == set(LABELS)
    assert all(0 <= float(onset) < float(offset) <= 20 for onset, offset, _ in rows)


def test_silence_is_no_mistake(program: Path) -> None:
    code, out, err = run(program, bytes(2 * 16000 * 3))
    assert (code, err) == (0, "")
    assert out.startswith(HEADER)


def test_half_a_sample_at_the_end(program: Path) -> None:
    whole = pcm(noise(3.0, seed=9)[:, 0]).tobytes()
    assert run(program, whole + b"x") == (2, run(program, whole)[1], f"error: stdin ended within a sample{PAST}")
    assert run(program, b"x") == (2, HEADER, f"error: stdin ended within a sample{PAST}")


def test_what_is_no_pcm(program: Path) -> None:
    assert run(program, b"") == (2, HEADER, f"error: stdin is empty{PAST}")
    assert run(program, b"RIFF\x24\0\0\0WAVEfmt ") == (2, HEADER, f"error: stdin is a WAV file{PAST}")
    for begins in (b"FORM", b"fLaC", b"OggS", b"ID3", b".snd", b"RF64", b"riff", b"caff", b"\0\0\0\x20ftyp",
                   b"RIFX", b"BW64", b"#!AMR\n", b"\x1a\x45\xdf\xa3"):  # fmt: skip
        said = f"error: stdin is an audio file with a header{PAST}"
        assert run(program, begins + bytes(4000)) == (2, HEADER, said)
    closed = subprocess.run(["sh", "-c", f"'{program}' <&-"], capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (2, f"error: stdin cannot be read{PAST}")


def test_bytes_one_by_one(program: Path) -> None:
    """A pipe that delivers odd numbers of bytes."""
    data = pcm(noise(2.0, seed=9)[:, 0]).tobytes()
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for start in range(0, len(data), 641):
            process.stdin.write(data[start : start + 641])
        process.stdin.close()
        out = process.stdout.read().decode()
    assert out == run(program, data)[1]


def test_ten_fuzzed_megabytes_under_sanitizers(program: Path) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.bytes(1_000_001), b"\xff\x7f" * 100_000, b"\x00\x80" * 100_000, b"\x00\x80\xff\x7f" * 100_000]
    parts += [bytes(300_000), *(rng.bytes(3000) + bytes(3000) for _ in range(1320))]
    data = b"".join(parts)
    assert len(data) > 10**7
    code, out, err = run(program, data)
    assert (code, err) == (2, f"error: stdin ended within a sample{PAST}")
    assert all(len(line.split("\t")) == 3 for line in out.splitlines())


def test_a_program_in_cpp(device_export: Path, tmp_path: Path) -> None:
    """The library stays C; what includes its headers is C++."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    sources = [path for path in (device_export / DEVICE).glob("*.c") if path.name not in SINGLE]
    subprocess.run(["gcc", "-std=c99", "-c", *sources], cwd=tmp_path, check=True)
    main = tmp_path / "main.cpp"
    main.write_text(IN_CPP)
    link = ["g++", "-I", device_export / DEVICE, "-o", tmp_path / "program", main, *tmp_path.glob("*.o"), "-lm"]
    done = subprocess.run(link, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    out = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout
    assert out == f"{LABELS[0]}\n"


def test_makefile(device_export: Path, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shutil.copytree(device_export / DEVICE, tmp_path / "device")
    make = ["make", "-C", tmp_path / "device", "CC=gcc", "CFLAGS=-O0 -std=c99", "check", "listen"]
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the same\n" in done.stdout
    assert os.access(tmp_path / "device" / "listen", os.X_OK)


def test_on_a_cortex_m4(device_export: Path, tmp_path: Path) -> None:
    """Compiled, not run: 20 kB of flash and 16 kB of RAM when this was written, of which a big M4 has 512 and 128."""
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("make") is None:
        pytest.skip("arm-none-eabi-gcc or make is not installed")
    shutil.copytree(device_export / DEVICE, tmp_path / "device")
    make = ["make", "--no-print-directory", "-C", tmp_path / "device", "cortex-m4"]
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    if "nano.specs" in done.stderr:
        pytest.skip("newlib-nano for arm-none-eabi is not installed")
    assert done.returncode == 0, done.stderr  # newer linkers warn of what nosys leaves out
    text, data, bss = map(int, done.stdout.splitlines()[-1].split()[:3])
    assert 5_000 < text + data < 40_000
    assert 3_000 < data + bss < 25_000


def test_no_heap(device_export: Path, tmp_path: Path) -> None:
    objects = tmp_path / "all.o"
    sources = [path for path in (device_export / DEVICE).glob("*.c") if path.name not in ("check.c", "main.c")]
    subprocess.run(["gcc", "-std=c99", "-O2", "-r", "-nostdlib", "-o", objects, *sources], check=True)
    listed = subprocess.run(["nm", "-u", objects], capture_output=True, text=True, check=True).stdout.split()
    wanted = {name for name in listed if len(name) > 1 and not name.startswith("_")}
    assert wanted <= {"memcpy", "memmove", "memset", "expf", "logf", "tanhf"}

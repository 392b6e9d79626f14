"""An export's C library beside the Python stream: differences on recordings, seconds, and memory of a Cortex-M4.

    python benchmarks/device.py BUNDLE FOLDER --every 4

`BUNDLE/device` must be there (`sedkd export` writes it), and gcc and make; sizes need arm-none-eabi-gcc. Seconds are of
the process, user and system, on whatever else the machine does.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from search.cli.guard import ended
from sedkd.data.audio import read_audio
from sedkd.data.folders import audio_below
from sedkd.device.golden import FULL_SCALE, pcm
from sedkd.export.bundle import DEVICE
from sedkd.stream.frontend import StreamFrontend
from sedkd.stream.network import StreamNetwork

PROBE = Path(__file__).parents[1] / "tests" / "device" / "probe.c"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("folder", type=Path, help="recordings")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording")
    options = parser.parse_args()
    network = StreamNetwork(options.bundle)
    rate = network.bundle.features.rate
    paths = sorted(audio_below(options.folder))[:: options.every]
    recordings = [pcm(read_audio(path, rate)) for path in paths]
    seconds = sum(map(len, recordings)) / rate
    print(f"{len(recordings)} recordings, {seconds:.0f} s\n")
    print("| spectrum in | log-mel, largest difference | probability | C, s of CPU | real-time factor |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("double", "float"):
            program = compiled(options.bundle / DEVICE, Path(folder), kind)
            features, answers, spent = compared(program, network, recordings, Path(folder))
            print(f"| {kind} | {features:.2g} | {answers:.2g} | {spent:.2f} | {spent / seconds:.2g} |")
        print(f"\n{sizes(options.bundle / DEVICE, Path(folder))}")


def compiled(device: Path, folder: Path, kind: str) -> Path:
    program = folder / f"probe-{kind}"
    sources = [path for path in device.glob("*.c") if path.name not in ("main.c", "check.c", "firmware.c")]
    flags = ["-std=c99", "-O2", f"-DSEDKD_REAL={kind}", "-I", device]
    subprocess.run(["gcc", *flags, "-o", program, PROBE, *sources, "-lm"], check=True)
    return program


def compared(
    program: Path, network: StreamNetwork, recordings: list[np.ndarray], folder: Path
) -> tuple[float, float, float]:
    """The largest differences of log-mel and probabilities, and the seconds that C took for all recordings."""
    features = answers = spent = 0.0
    files = [folder / "frames", folder / "answers"]
    for samples in recordings:
        frontend = StreamFrontend(network.bundle.features)
        frames = np.concatenate([frontend.feed(samples.astype(np.float32) / FULL_SCALE), frontend.finish()])
        expected = np.concatenate([network.feed(frames), network.finish()])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, *files], input=samples.tobytes(), stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = [np.fromfile(file, np.float32) for file in files]
        features = max(features, float(np.abs(found[0] - frames.ravel()).max(initial=0.0)))
        answers = max(answers, float(np.abs(found[1] - expected.ravel()).max(initial=0.0)))
    return features, answers, spent


def sizes(device: Path, folder: Path) -> str:
    if shutil.which("arm-none-eabi-gcc") is None:
        return "no sizes: arm-none-eabi-gcc is not installed"
    copy = folder / "device"
    shutil.copytree(device, copy)
    made = subprocess.run(["make", "-s", "-C", copy, "cortex-m4"], capture_output=True, text=True, check=True)
    text, data, bss = map(int, made.stdout.splitlines()[-1].split()[:3])
    return f"Cortex-M4 (compiled, not run): {text + data} B of flash, {data + bss} B of static RAM"


if __name__ == "__main__":
    sys.exit(ended(main))

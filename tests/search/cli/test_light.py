"""Commands that look and listen answer without torch, whose import takes longer, and more memory, than what they do."""

import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
from exported import noise

from search.setup.pace import measured_pace

PACKED = sorted((Path(__file__).parents[2] / "stores").glob("*.tar.xz"))[0]
CODE = """
import sys
from search.cli.main import main
for line in sys.argv[1:]:
    main(line.split("|"))
    heavy = [name for name in ("torch", "matplotlib.pyplot", "mlflow") if name in sys.modules]
    print("loaded:", line.split("|")[0], heavy)
"""


def test_what_needs_no_torch(farm: Path, tmp_path: Path, causal_export: Path) -> None:
    measured_pace()  # which `init` asks torch for, once on a machine
    store, pcm = tmp_path / "store", tmp_path / "noise.raw"
    with tarfile.open(PACKED) as archive:
        archive.extractall(store, filter="data")
    pcm.write_bytes((noise(1.0)[:, 0] * 32767).astype(np.int16).tobytes())
    lines = [
        f"data|check|{farm}",
        f"init|{farm}",
        f"front|--env|farm|--store|{store}",
        f"detect|{causal_export}|{farm / 'farm' / 'test' / '0.wav'}",
        f"listen|{causal_export}|-",
    ]
    with pcm.open() as heard:
        done = subprocess.run(
            [sys.executable, "-c", CODE, *lines], stdin=heard, cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert "heard 1.0 s" in done.stderr
    loaded = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert loaded == [f"loaded: {line.split('|')[0]} []" for line in lines]

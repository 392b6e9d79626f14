"""Commands that look and detect answer without torch, whose import takes longer than what they do."""

import subprocess
import sys
import tarfile
from pathlib import Path

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
    store = tmp_path / "store"
    with tarfile.open(PACKED) as archive:
        archive.extractall(store, filter="data")
    clip = farm / "farm" / "test" / "0.wav"
    lines = [
        f"data|check|{farm}",
        f"init|{farm}",
        f"front|--env|farm|--store|{store}",
        f"detect|{causal_export}|{clip}",
    ]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *lines], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert loaded == [f"loaded: {line.split('|')[0]} []" for line in lines]

"""An installed sedkd has the C sources with it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_holds_the_c_sources(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("sedkd", "search", "spaces"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('out'))"
    (tmp_path / "out").mkdir()
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    held = set(zipfile.ZipFile(tmp_path / "out" / done.stdout.split()[-1]).namelist())
    sources = {f"sedkd/device/c/{path.name}" for path in (ROOT / "sedkd" / "device" / "c").iterdir()}
    assert "sedkd/device/c/main.c" in sources
    assert sources <= held

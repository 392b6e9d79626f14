"""What is installed: a wheel holds every room, and each of its modules can be imported."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPORT_ALL = """
import importlib, sys
sys.path[:0] = sys.argv[1:2]
for name in sys.argv[2:]:
    assert importlib.import_module(name).__file__.startswith(sys.argv[1]), name
"""


def test_every_module_of_the_wheel_can_be_imported(tmp_path: Path) -> None:
    """From the wheel, not from the checkout, where a room without its `__init__.py` would be found all the same."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        ROOT,
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    there = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.py")}
    sources = {path.relative_to(ROOT) for room in ("sedkd", "search") for path in (ROOT / room).rglob("*.py")}
    assert sources <= there
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in sorted(sources)]
    command = [sys.executable, "-c", IMPORT_ALL, tmp_path / "site", *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr

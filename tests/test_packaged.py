"""What is installed: a wheel holds every room with its files, and each of its modules can be imported."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("sedkd", "search", "spaces")
WHEEL = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
IMPORT_ALL = """
import importlib, sys
sys.path[:0] = sys.argv[1:2]
for name in sys.argv[2:]:
    assert importlib.import_module(name).__file__.startswith(sys.argv[1]), name
"""


def test_every_module_of_the_wheel_can_be_imported(tmp_path: Path) -> None:
    """From the wheel, not from the checkout, where a room without its `__init__.py` would be found all the same."""
    source, site = tmp_path / "source", tmp_path / "site"
    for name in ROOMS:  # a copy: building leaves files beside what it builds
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    subprocess.run([*WHEEL, tmp_path, source], check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    files = {path.relative_to(source) for room in ROOMS for path in (source / room).rglob("*") if path.is_file()}
    assert files <= {path.relative_to(site) for path in site.rglob("*")}  # pages, C and tables as well as modules
    modules = {path for path in files if path.suffix == ".py" and path.parts[0] != "spaces"}
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in sorted(modules)]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, site, *names], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr

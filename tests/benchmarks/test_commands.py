"""The commands that pages and benchmarks name can be typed at the root of a clone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMING = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/**/*.md"), *ROOT.glob("benchmarks/**/*.py")]
)
# Those of peers run in another Python, which has no sedkd.
SCRIPTS = [
    path
    for path in sorted(ROOT.glob("benchmarks/**/*.py"))
    if "__main__" in path.read_text() and path.parent.name != "peers"
]
AS_FILE, AS_MODULE = re.compile(r"python3? (benchmarks/[\w/]+\.py)"), re.compile(r"python3? -m (benchmarks[\w.]*\w)")


@pytest.mark.parametrize("page", NAMING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_named_is_there_and_finds_what_it_imports(page: Path) -> None:
    text = page.read_text()
    for name in AS_FILE.findall(text):
        # Run as a file, Python looks beside it, and finds no package of this name.
        assert not re.search(r"^\s*(from|import) benchmarks", (ROOT / name).read_text(), re.M), f"python -m, not {name}"
    for name in AS_MODULE.findall(text):
        place = ROOT / name.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_ends_as_a_command_does(script: Path) -> None:
    assert script.read_text().endswith('if __name__ == "__main__":\n    sys.exit(ended(main))\n')


@pytest.mark.parametrize(
    "words",
    ["benchmarks/learning_curve.py nowhere/comparison.json", "-m benchmarks.replay nowhere.json --out out"],
)
def test_a_mistake_is_one_line(words: str) -> None:
    ended = subprocess.run([sys.executable, *words.split()], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: nowhere")
    assert ended.stderr.count("\n") == 1

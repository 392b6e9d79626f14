"""The pages that `make docs` builds."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def test_every_page_is_in_the_navigation() -> None:
    named = set(_named(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= named
    assert {f"measured-{path.stem}.md" for path in (ROOT / "benchmarks").glob("[a-z]*.md")} <= named


def _named(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            yield from _named(value) if isinstance(value, list) else [value]


@pytest.mark.skipif(not importlib.util.find_spec("material"), reason="mkdocs-material is not installed (extra: docs)")
def test_they_build_without_a_warning(tmp_path: Path) -> None:
    words = [
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(ROOT / "mkdocs.yml"),
        "--site-dir",
        str(tmp_path),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    first = (tmp_path / "index.html").read_text()
    assert 'href="recordings.html"' in first
    assert 'href="benchmarks.html"' in (tmp_path / "recordings.html").read_text()
    assert "(../benchmarks/training.md)" in (ROOT / "docs/recordings.md").read_text()
    assert 'href="measured-training.html"' in (tmp_path / "recordings.html").read_text()
    assert "https://fonts." not in first

"""A reader that goes away, as `head` does: what was begun comes to its end, quietly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import arguments, start

from search.study.opening import load_studies
from search.study.store import Store
from sedkd.data.events import Event, write_annotations


def left_after(process: subprocess.Popen, lines: int) -> tuple[int, str]:
    """The exit code and what was said on stderr, where nobody reads on after so many lines."""
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    return process.wait(timeout=300), errors


def test_a_search_goes_on(farm: Path) -> None:
    words = arguments(farm, 3)
    code, errors = left_after(start("search.cli.search", *words, cwd=farm.parent), 2)
    assert (code, "Error" in errors) == (0, False), errors
    (study,) = load_studies(Store(farm.parent / "runs"), None, None)
    assert study.spent() == 3
    assert any(study.test_scores(trial.number) for trial in study.finished())


@pytest.mark.parametrize("console", [False, True])
def test_a_command_that_prints(tmp_path: Path, console: bool) -> None:
    write_annotations(tmp_path / "truth.tsv", {"a.wav": [Event(0, 1, "bell")]})
    words = ["space"] if console else ["score", str(tmp_path / "truth.tsv"), str(tmp_path / "truth.tsv")]
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "search.cli.main", *words]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")

"""Warnings reach the person from an installed copy as from a working tree; those of libraries do not."""

import ast
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

from search.run.warned import MAX_ROWS, MORE, show_own_warnings
from sedkd import errors
from sedkd.errors import RowWarning, SedkdWarning

ROOT = Path(__file__).parents[3]


def test_an_installed_copy_tells_what_it_drops(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    for package in ("sedkd", "search", "spaces"):
        shutil.copytree(ROOT / package, site / package)
    table = tmp_path / "truth.tsv"
    table.write_text("filename\tonset\toffset\tevent_label\n" + 2 * "a.wav\t0.5\t1.0\tbell\n")
    code = "import search, sys; print(search.__file__); from search.cli.main import main; sys.exit(main(sys.argv[1:]))"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code, "score", str(table), str(table)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.splitlines()[0].startswith(str(site))
    (line,) = {line for line in ended.stderr.splitlines() if line.startswith("warning")}
    assert line == f"warning: {table}, line 3: 'bell' repeats an earlier line, dropped"


def test_a_line_is_shown_once_and_libraries_are_not_heard() -> None:
    shown: list[str] = []
    with warnings.catch_warnings():
        show_own_warnings(shown.append)
        for place in (1, 2):
            warnings.warn_explicit("a.wav: left out", SedkdWarning, f"file{place}.py", place)
        warnings.warn("a.wav: another thing", SedkdWarning, stacklevel=1)
        warnings.warn("a library's advice", UserWarning, stacklevel=1)
        warnings.simplefilter("always")  # as libraries do when they are imported
        warnings.warn("a library's advice", UserWarning, stacklevel=1)
    assert shown == ["a.wav: left out", "a.wav: another thing"]


def test_hundreds_of_files_do_not_bury_the_rest() -> None:
    shown: list[str] = []
    with warnings.catch_warnings():
        show_own_warnings(shown.append)
        for _ in range(2):
            for number in range(300):
                warnings.warn(f"{number}.txt, line 1: cut", RowWarning, stacklevel=1)
        warnings.warn("a.wav: left out", SedkdWarning, stacklevel=1)
    assert shown == [*(f"{number}.txt, line 1: cut" for number in range(MAX_ROWS)), MORE, "a.wav: left out"]


def test_every_warning_is_of_our_category() -> None:
    told = [
        (path.name, ast.unparse(call.args[1]))
        for folder in ("sedkd", "search")
        for path in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "warnings.warn"
    ]
    assert len(told) > 9
    assert all(issubclass(getattr(errors, category), SedkdWarning) for _, category in told), told

"""Folders that appear when they are whole, beside those of processes that work or were killed."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sedkd.disk.appearing import appearing, replacing

WORKER = """
import sys, pathlib
from sedkd.disk.appearing import appearing
with appearing(pathlib.Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print("begun", flush=True)
    sys.stdin.read()
"""


@contextmanager
def working(target: Path) -> Iterator[subprocess.Popen]:
    """Another process in the midst of making `target`; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        yield process
    finally:
        process.kill()
        process.wait()


def made(target: Path, text: str, put: Callable[[Path, Path], object] = os.rename) -> None:
    with appearing(target, put) as folder:
        (folder / "file").write_text(text)


def test_it_appears_whole_with_its_parents_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    target.mkdir(parents=True)  # empty: its place is taken
    with appearing(target) as folder:
        (folder / "file").write_text("new")
        assert not any(target.iterdir())
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    assert target.stat().st_mode & 0o777 == (tmp_path / "deep").stat().st_mode & 0o777


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out"
    made(target, "old")
    with pytest.raises(KeyError), appearing(target, replacing):
        raise KeyError
    with pytest.raises(KeyboardInterrupt, match="out was not written; the same line begins it anew"), appearing(target):
        raise KeyboardInterrupt
    with pytest.raises(OSError, match=r"not empty|exist"):
        made(target, "new")
    assert (target / "file").read_text() == "old"
    made(target, "new", put=replacing)
    assert (target / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_kill_left_is_removed_and_what_another_process_works_at_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with working(target):
        pass
    (dead,) = tmp_path.iterdir()
    assert (dead / "whole" / "half").exists()
    others = tmp_path / ".out.notmine", tmp_path / ".out.abcdefgh.unfinished"  # a person's: they hold no lock file
    for other in others:
        other.mkdir()
    with working(target) as process:
        (alive,) = {*tmp_path.iterdir()} - {dead, *others}
        made(target, "new")
        assert {*tmp_path.iterdir()} == {target, alive, *others}
        _, errors = process.communicate(b"", timeout=60)  # its work ends, and finds the place taken
        assert b"not empty" in errors
    assert {*tmp_path.iterdir()} == {target, *others}
    assert (target / "file").read_text() == "new"


def test_an_error_names_what_was_to_be_and_no_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="No space") as caught, appearing(Path("out")) as folder:
        raise OSError(errno.ENOSPC, "No space left on device", "source", None, str(folder / "farm" / "a.wav"))
    assert (caught.value.filename, caught.value.filename2) == ("source", str(Path("out", "farm", "a.wav")))

    def refuse(name: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(name))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(PermissionError) as shut, appearing(Path("out")):
        pass
    assert shut.value.filename == "out"

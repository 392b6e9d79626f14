"""What was found of a file is found once, until the file is another."""

import os
import threading
import time
from pathlib import Path

import pytest

from sedkd.data.remembered import remembered


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files that were written an hour ago, and a cache of the test's own."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    return [written(tmp_path / name, name) for name in "abc"]


def written(path: Path, content: str, ago: float = 3600.0) -> Path:
    path.write_text(content)
    moment = time.time() - ago
    os.utime(path, (moment, moment))
    time.sleep(0.11)  # until the entry in the folder is old enough to be told from a later one
    return path


def asked_for(what: str, files: list[Path]) -> tuple[list[str], list[str]]:
    """The answers, and the names of the files that were read for them."""
    read: list[str] = []

    def find(path: Path) -> str:
        read.append(path.name)
        return path.read_text().upper()

    return remembered(what, files, find), sorted(read)


def test_a_file_is_read_once(files: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    assert remembered("x", files, lambda path: path.name, lambda *now: told.append(now)) == ["a", "b", "c"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert asked_for("x", files) == (["a", "b", "c"], [])
    assert asked_for("x", [files[2], files[0], files[2]]) == (["c", "a", "c"], [])
    assert asked_for("y", files[:1]) == (["A"], ["a"])


def test_a_file_that_was_altered_is_read_again(files: list[Path]) -> None:
    asked_for("x", files)
    written(files[0], "d", ago=1800.0)
    written(files[1], "longer")
    assert asked_for("x", files) == (["D", "LONGER", "C"], ["a", "b"])
    assert asked_for("x", files) == (["D", "LONGER", "C"], [])


def test_a_file_that_is_still_being_written_is_not_taken_for_what_it_was(files: list[Path]) -> None:
    written(files[0], "d", ago=0.0)
    for _ in range(2):
        assert asked_for("x", files)[1][:1] == ["a"]


def test_an_error_is_told_and_what_was_found_before_is_kept(files: list[Path]) -> None:
    with pytest.raises(OSError, match="nowhere"):
        asked_for("x", [files[0], files[0].parent / "nowhere"])
    assert asked_for("x", files)[1] == ["b", "c"]


def test_a_damaged_memory_is_a_warning(files: list[Path], tmp_path: Path) -> None:
    asked_for("x", files)
    (tmp_path / "cache" / "files.sqlite").write_bytes(b"no database" * 1000)
    with pytest.warns(UserWarning, match=r"files\.sqlite: cannot be used .* remove it"):
        assert asked_for("x", files) == (["A", "B", "C"], ["a", "b", "c"])


def test_several_at_once(files: list[Path]) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(asked_for("x", files)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [["A", "B", "C"]] * 8

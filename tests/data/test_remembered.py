"""What was found of a file is found once, until the file is another."""

import os
import threading
import time
from pathlib import Path

import pytest

from sedkd.disk.remembered import remembered
from sedkd.errors import SedkdWarning


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


def test_another_recording_with_the_same_name_size_and_date_is_read_again(files: list[Path]) -> None:
    """A card copied over, byte for byte as long, with the dates it had."""
    asked_for("x", files)
    for how, file in zip(("written over", "moved there", "in place"), files, strict=True):
        before = file.stat()
        content = file.read_text().swapcase()
        if how == "moved there":
            file.rename(file.with_suffix(".old"))
        if how == "in place":
            with file.open("r+") as stream:
                stream.write(content)
        else:
            file.write_text(content)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    time.sleep(0.11)
    assert asked_for("x", files)[1] == ["a", "b", "c"]
    assert asked_for("x", files)[1] == []


def test_some_bytes_are_looked_at_where_a_file_system_tells_nothing(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On FAT a recorder without a clock leaves equal dates, and inodes are invented."""
    monkeypatch.setattr("sedkd.disk.remembered.state_of", lambda path: (path.stat().st_size,))
    sound = bytearray(b"\x01\x02" * 50_000)
    files[0].write_bytes(sound)
    before = remembered("x", files[:1], lambda path: str(hash(path.read_bytes())))
    for place in (24_500, 49_500, 99_999):
        sound[place] += 1
        files[0].write_bytes(sound)
        after = remembered("x", files[:1], lambda path: str(hash(path.read_bytes())))
        assert after != before
        before = after


def test_what_is_not_to_be_kept(files: list[Path]) -> None:
    assert remembered("x", files, lambda path: None if path.name == "b" else path.name) == ["a", None, "c"]
    assert asked_for("x", files) == (["a", "B", "c"], ["b"])


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
    with pytest.warns(SedkdWarning, match=r"files\.sqlite: is damaged \(file is not a database\), so it is made again"):
        assert asked_for("x", files) == (["A", "B", "C"], ["a", "b", "c"])
    assert asked_for("x", files) == (["A", "B", "C"], [])


def test_a_memory_that_cannot_be_used_is_a_warning(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache" / "files.sqlite").mkdir(parents=True)
    with pytest.warns(SedkdWarning, match=r"files\.sqlite: cannot be used .*, so files are read anew"):
        assert asked_for("x", files) == (["A", "B", "C"], ["a", "b", "c"])


def test_several_at_once(files: list[Path]) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(asked_for("x", files)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [["A", "B", "C"]] * 8

"""Disks that are full or shut, and files of a store that are damaged: one line that names the place, nothing lost."""

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_study import arguments, write_farm

from search.cli import main, search
from search.run.mistakes import line_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recordings and a study of two trials."""
    root = write_farm(tmp_path_factory.mktemp("disk"))
    assert search.main(arguments(root, 2)) == 0
    return root.parent


@pytest.fixture
def copy(searched: Path, tmp_path: Path) -> Path:
    return shutil.copytree(searched, tmp_path / "copy")


def line(capsys, run: Callable[[list[str]], int], words: list[object], place: Path) -> str:
    """The one line of a command that ends with 2 and names `place`."""
    capsys.readouterr()
    assert run([str(word) for word in words]) == 2
    *warned, found = capsys.readouterr().err.strip().splitlines()
    assert found.startswith("error: ")
    assert all(text.startswith("warning: ") for text in warned)
    assert str(place) in found
    return found


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], pytest.param(lambda b: b"no database" * 999, marks=pytest.mark.slow)]
)
def test_a_damaged_database_is_named_and_left_as_it_is(copy: Path, capsys, damage) -> None:
    store = ["--env", "farm", "--store", copy / "runs"]
    optuna, mlflow = copy / "runs" / "optuna.db", copy / "runs" / "mlflow.db"
    sound = mlflow.read_bytes()
    mlflow.write_bytes(damage(sound))
    damaged = mlflow.read_bytes()
    for words in (["sync", *store], ["ui", "--store", copy / "runs"]):
        assert "is damaged" in line(capsys, main.main, words, mlflow)
    assert main.main([*map(str, ["export", *store, "--out", copy / "bundle"])]) == 0
    assert f"not registered in MLflow ({mlflow}: is damaged" in capsys.readouterr().out
    assert search.main(arguments(copy / "recordings", 2)) == 0
    assert f"MLflow was not told ({mlflow}: is damaged" in " ".join(capsys.readouterr().out.split())
    assert mlflow.read_bytes() == damaged

    optuna.write_bytes(damage(optuna.read_bytes()))
    damaged = optuna.read_bytes()
    for words in (["front", *store], ["report", *store], ["export", *store, "--out", copy / "x"], ["sync", *store]):
        assert "is damaged" in line(capsys, main.main, words, optuna)
    assert "or move it away" in line(capsys, search.main, arguments(copy / "recordings", 2), optuna)
    assert optuna.read_bytes() == damaged


@pytest.mark.parametrize("name", ["optuna.db", "mlflow.db"])
def test_a_folder_in_place_of_a_database(copy: Path, capsys, name: str) -> None:
    (copy / "runs" / name).unlink()
    (copy / "runs" / name).mkdir()
    line(capsys, main.main, ["sync", "--store", copy / "runs"], copy / "runs" / name)


DAMAGES = [lambda b: b[: len(b) // 2]]
DAMAGES += [pytest.param(lambda b, other=other: other, marks=pytest.mark.slow) for other in (b"[]", b"", b"\xff\xfe")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_named_with_its_mend(copy: Path, capsys, damage) -> None:
    store = ["--env", "farm", "--store", copy / "runs"]
    (study,) = (copy / "runs" / "studies").iterdir()
    for file in (next(study.glob("*/test.json")), study / "teacher.json"):
        before = file.read_bytes()
        file.write_bytes(damage(before))
        assert "is damaged" in line(capsys, main.main, ["report", *store], file)
        assert "remove it" in line(capsys, search.main, arguments(copy / "recordings", 2), file)
        file.unlink()
        assert search.main(arguments(copy / "recordings", 2)) == 0
        assert file.read_bytes() == before


def test_a_student_cut_in_half_is_named(copy: Path, capsys) -> None:
    (study,) = (copy / "runs" / "studies").iterdir()
    for file in study.glob("*/student.safetensors"):
        file.write_bytes(file.read_bytes()[:-100])
    store = ["--env", "farm", "--store", copy / "runs"]
    line(capsys, main.main, ["export", *store, "--pick", "best", "--out", copy / "bundle"], study)
    assert not (copy / "bundle").exists()
    next(study.glob("*/test.json")).unlink()
    line(capsys, search.main, arguments(copy / "recordings", 2), study)
    assert main.main(["front", *map(str, store)]) == 0


@pytest.mark.parametrize("variable", ["SEDKD_CACHE", "SEDKD_STORE", "HOME"])
def test_a_path_below_a_file(copy: Path, capsys, monkeypatch, variable: str) -> None:
    (copy / "file").write_text("mine")
    below = copy / "file" / "below"
    monkeypatch.setenv(variable, str(below))
    if variable == "HOME":
        monkeypatch.delenv("SEDKD_CACHE")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    words = arguments(copy / "recordings", 2)
    if variable == "SEDKD_STORE":
        del words[words.index("--store") : words.index("--store") + 2]
    found = line(capsys, search.main, words, below)
    assert ("$SEDKD_CACHE" if variable != "SEDKD_STORE" else "--store") in found
    assert (copy / "file").read_text() == "mine"


def limited(words: list[str], size: int, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that may write no file larger than `size` bytes."""
    return subprocess.run(
        [sys.executable, "-m", "search.cli.search", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("size", "place"), [pytest.param(3000, "cache", marks=pytest.mark.slow), pytest.param(30_000, "runs")]
)
def test_no_room(copy: Path, size: int, place: str) -> None:
    shutil.rmtree(copy / "runs")
    cache = {"SEDKD_CACHE": str(copy / "cache")} if place == "cache" else {}  # else one that is full of what is needed
    ended = limited(arguments(copy / "recordings", 1), size, copy, **cache)
    assert ended.returncode == 2, ended.stderr
    (found,) = [text for text in ended.stderr.splitlines() if not text.startswith("warning: ")]
    assert found.startswith(f"error: {copy / place}/")
    assert "make room" in found


@pytest.mark.slow
def test_no_room_for_mlflow_is_a_note(copy: Path) -> None:
    shutil.rmtree(copy / "runs")
    ended = limited(arguments(copy / "recordings", 1), 400_000, copy)
    assert ended.returncode == 0, ended.stderr
    assert "note: MLflow was not told (" in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux's /proc, where nobody can make a folder")
def test_a_place_that_is_not_there_is_named(searched: Path, capsys) -> None:
    words = ["data", "convert", searched / "recordings", "--out", "/proc/gone"]
    assert "No such file or directory; see that its disk is there" in line(capsys, main.main, words, Path("/proc"))
    assert line_of(FileNotFoundError(errno.ENOENT, "", "node")) is None  # a program, not a place


def test_of_two_names_the_line_tells_the_one_that_was_to_be_written(tmp_path: Path) -> None:
    there, target, gone = tmp_path / "source", tmp_path / "out" / "target", tmp_path / "gone"
    there.touch()
    full = OSError(errno.ENOSPC, "", str(there), None, str(target))
    assert (
        line_of(full) == f"{target}: No space left on device; make room, or name another folder with --store or --out"
    )
    for first, second, named in ((there, target, target), (gone, target, gone)):
        missing = FileNotFoundError(errno.ENOENT, "", str(first), None, str(second))
        assert (line_of(missing) or "").startswith(f"{named}: No such file or directory")

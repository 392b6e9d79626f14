import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sedkd.data.events import read_annotations
from sedkd.errors import UserError
from sedkd.synth import builtin
from sedkd.synth.clips import run_all


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "COUNTS", {"train": 4, "unlabeled": 3, "validation": 2, "test": 2})


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_layout_of_a_labelled_and_an_unlabelled_split(tmp_path: Path) -> None:
    done = []
    folder = builtin.ensure(tmp_path, "home", "train", lambda number, total: done.append((number, total)))
    builtin.ensure(tmp_path, "home", "unlabeled")
    assert folder == tmp_path / "home"
    assert sorted(path.name for path in folder.iterdir()) == ["train", "train.tsv", "unlabeled"]
    assert done[-1] == (4, 4)
    table = read_annotations(folder / "train.tsv")
    assert sorted(table) == sorted(path.name for path in (folder / "train").iterdir())
    info = soundfile.info(str(folder / "train" / "train_0000.wav"))
    assert (info.samplerate, info.channels, info.subtype, info.duration) == (16_000, 1, "PCM_16", 10.0)
    assert "SYNTHETIC" in (tmp_path / "README.txt").read_text()


def test_two_roots_are_equal_byte_for_byte_and_a_second_call_writes_nothing(tmp_path: Path) -> None:
    for root in ("one", "two"):
        builtin.ensure(tmp_path / root, "office", "test")
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    before = (tmp_path / "one/office/test").stat().st_mtime_ns
    builtin.ensure(tmp_path / "one", "office", "test")
    assert (tmp_path / "one/office/test").stat().st_mtime_ns == before


def test_a_clip_does_not_depend_on_those_made_before_it() -> None:
    alone = builtin.render_clip("street", "test", 5).audio
    builtin.render_clip("street", "test", 4)
    assert np.array_equal(alone, builtin.render_clip("street", "test", 5).audio)


def test_splits_share_no_source_except_train_and_unlabeled() -> None:
    pools = {split: set(builtin.pool(split).tolist()) for split in ("train", "unlabeled", "validation", "test")}
    assert not pools["validation"] & (pools["train"] | pools["unlabeled"] | pools["test"])
    assert not pools["test"] & (pools["train"] | pools["unlabeled"])
    assert pools["train"] < pools["unlabeled"]
    seen = {
        int(name.split()[-1]) for number in range(5) for name in builtin.render_clip("home", "test", number).sources
    }
    assert seen <= pools["test"]


def test_a_lost_table_is_made_again(tmp_path: Path) -> None:
    folder = builtin.ensure(tmp_path, "street", "validation")
    text = (folder / "validation.tsv").read_text()
    (folder / "validation.tsv").unlink()
    builtin.ensure(tmp_path, "street", "validation")
    assert (folder / "validation.tsv").read_text() == text
    assert sorted(path.name for path in folder.iterdir()) == ["validation", "validation.tsv"]


def test_an_error_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(builtin, "write_clip", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        builtin.ensure(tmp_path, "street", "test")
    assert list((tmp_path / "street").iterdir()) == []


def test_two_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: builtin.ensure(tmp_path, "city_center", "train"), range(2)))
    assert sorted(path.name for path in (tmp_path / "city_center").iterdir()) == ["train", "train.tsv"]
    assert len(list((tmp_path / "city_center/train").iterdir())) == 4


def test_unknown_names_and_other_versions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no built-in environment 'moon'; there are street"):
        builtin.ensure(tmp_path, "moon", "train")
    with pytest.raises(UserError, match="no split 'dev'"):
        builtin.ensure(tmp_path, "home", "dev")
    (tmp_path / "README.txt").write_text("something else")
    with pytest.raises(UserError, match="made by another version"):
        builtin.ensure(tmp_path, "home", "train")


def test_processes_give_what_one_gives() -> None:
    assert run_all(abs, [-1, 2, -3], cost=100.0) == [1, 2, 3]


def test_a_script_from_stdin_falls_back_to_one_process() -> None:
    """New processes cannot import such a script; the work is done all the same."""
    script = "from sedkd.synth.clips import run_all\nprint(run_all(abs, [-1, -2], cost=100.0))\n"
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[1, 2]", done.stderr

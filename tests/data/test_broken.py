"""Broken audio among recordings: an error in one line, or left out by name; nothing else tells the two apart."""

import os
import shutil
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from tiny import tone, write_folder

from sedkd.data.broken import durations, leave_out_broken
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.recordings import digest_of
from sedkd.data.weak import write_tags
from sedkd.errors import SedkdWarning, UserError
from sedkd.features.pack import features_of
from sedkd.features.settings import STUDENT_FEATURES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    root = write_folder(tmp_path / "data", {"park": ("low", "high")}, clips=3)
    (root / "park" / "weak").mkdir()
    for name in ("w0.wav", "w1.wav"):
        soundfile.write(root / "park" / "weak" / name, tone(1.0), 16000)
    write_tags(root / "park" / "weak.tsv", {"w0.wav": ["low"], "w1.wav": []})
    yield root
    leave_out_broken(False)


def pool(folder: Path) -> Pool:
    return folder_pool(folder, {}, "park")


def cut_off(path: Path) -> None:
    """A header that is right, and half of what it promises."""
    soundfile.write(path, tone(2.0), 16000, format="FLAC")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_without_the_flag_it_is_an_error_that_names_file_and_flag(folder: Path) -> None:
    for split, name in (("train", "train1.wav"), ("unlabeled", "u1.wav"), ("weak", "w1.wav")):
        path = folder / "park" / split / name
        kept = path.read_bytes()
        path.write_bytes(b"")
        with pytest.raises(UserError, match=rf"^{path}: .*empty.*\(--skip-bad leaves broken files out\)$"):
            [*pool(folder).training("park"), *pool(folder).unlabeled("park"), *pool(folder).weak("park")]
        path.write_bytes(kept)


def test_audio_that_breaks_off_is_told_by_the_features(folder: Path) -> None:
    path = folder / "park" / "train" / "train1.wav"
    cut_off(path)
    with pytest.raises(UserError, match=rf"^{path}: .*--skip-bad") as error:
        features_of(pool(folder).training("park"), STUDENT_FEATURES)
    assert "\n" not in str(error.value)


def test_with_the_flag_broken_files_are_named_and_left_out(folder: Path) -> None:
    park = folder / "park"
    cut_off(park / "train" / "train1.wav")
    (park / "validation" / "validation0.wav").write_bytes(b"")
    (park / "unlabeled" / "u0.wav").write_text("no audio")
    (park / "weak" / "w0.wav").write_bytes(b"")
    leave_out_broken(True)
    found = pool(folder)
    with pytest.warns(UserWarning, match="; left out$") as told:
        left = [found.training("park"), found.validation("park"), found.unlabeled("park"), found.weak("park")]
    assert [[r.filename for r in split] for split in left] == [
        ["train0.wav", "train2.wav"], ["validation1.wav", "validation2.wav"], ["u1.wav"], ["w1.wav"],
    ]  # fmt: skip
    names = [Path(str(warning.message).split(":")[0]).name for warning in told]
    assert names == ["train1.wav", "validation0.wav", "u0.wav", "w0.wav"]
    features_of(left[0], STUDENT_FEATURES)


def test_what_is_left_is_all_that_counts(folder: Path, tmp_path: Path) -> None:
    """The recordings are those of a folder that never had the broken file."""
    shutil.copytree(folder, tmp_path / "sound")
    table = tmp_path / "sound" / "park" / "train.tsv"
    lines = [line for line in table.read_text().splitlines() if not line.startswith("train1.wav")]
    table.write_text("\n".join(lines) + "\n")
    (tmp_path / "sound" / "park" / "train" / "train1.wav").unlink()
    expected = digest_of(pool(tmp_path / "sound").training("park"))
    cut_off(folder / "park" / "train" / "train1.wav")
    leave_out_broken(True)
    with pytest.warns(UserWarning, match="left out"):
        assert digest_of(pool(folder).training("park")) == expected
    (folder / "park" / "train" / "train1.wav").unlink()
    with pytest.raises(UserError, match="there is no such file"):  # a missing file is a mistake in the table
        pool(folder).training("park")


def test_sound_files_make_no_difference(folder: Path) -> None:
    before = [pool(folder).training("park"), pool(folder).unlabeled("park"), pool(folder).weak("park")]
    leave_out_broken(True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = [pool(folder).training("park"), pool(folder).unlabeled("park"), pool(folder).weak("park")]
    assert after == before


def test_a_split_of_which_nothing_is_left(folder: Path) -> None:
    for path in (folder / "park" / "train").iterdir():
        path.write_bytes(b"")
    leave_out_broken(True)
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(UserError, match=r"train\.tsv: all its recordings are broken"),
    ):
        pool(folder).training("park")


def test_files_are_read_to_their_end_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (folder / "park" / "train").iterdir():
        os.utime(path, (1e9, 1e9))
    time.sleep(0.11)  # until the entries in the folder are old enough to be told from later ones
    leave_out_broken(True)
    first = pool(folder).training("park")
    monkeypatch.setattr("sedkd.data.broken.fault_of", lambda path: "read again")
    assert pool(folder).training("park") == first


def test_a_disk_that_failed_for_a_moment_costs_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted((folder / "park" / "train").iterdir())
    for path in paths:
        os.utime(path, (1e9, 1e9))
    time.sleep(0.11)  # until the entries in the folder are old enough to be told from later ones
    leave_out_broken(True)
    with monkeypatch.context() as failing:
        failing.setattr("sedkd.data.broken.fault_of", lambda path: f"{path}: Input/output error")
        with pytest.warns(SedkdWarning, match="Input/output error; left out"):
            assert durations(paths) == {}
    assert list(durations(paths)) == paths

"""The generic folder: what is read from it, and the one line for each way to get it wrong."""

import re
import warnings
from pathlib import Path

import pytest
import soundfile
from tiny import tone

from sedkd.data.events import Event
from sedkd.data.recordings import (
    digest_of,
    environment_folder,
    environments_in,
    labels_in,
    read_labeled,
    read_unlabeled,
)
from sedkd.data.sealed import opened_test
from sedkd.environment import Environment
from sedkd.errors import UserError

STREET = Environment("street", "street", ("car", "horn"), aliases={"klaxon": "horn"})
HEADER = "filename\tonset\toffset\tevent_label\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One environment, two training clips of 1 s, of which one is a flac."""
    folder = tmp_path / "data" / "street"
    (folder / "train").mkdir(parents=True)
    soundfile.write(folder / "train" / "b.wav", tone(1.0), 16000)
    soundfile.write(folder / "train" / "a.flac", tone(1.0), 16000)
    rows = "b.wav\t0.1\t0.5\tcar\nb.wav\t0.5\t0.7\tcar\nb.wav\t0.4\t0.9\tklaxon\na.flac\t\t\t\n"
    (folder / "train.tsv").write_text(HEADER + rows)
    return tmp_path / "data"


def listed(root: Path, rows: str) -> list:
    (root / "street" / "train.tsv").write_text(HEADER + rows)
    return read_labeled(root, STREET, "train")


def test_reads_a_split(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = read_labeled(root, STREET, "train")
    assert (first.filename, second.filename) == ("a.flac", "b.wav")
    assert first.events == ()
    # Touching events of one class are one, and the label is the environment's.
    assert second.events == (Event(0.1, 0.7, "car"), Event(0.4, 0.9, "horn"))
    assert second.path == root / "street" / "train" / "b.wav"
    assert (second.environment, second.duration) == ("street", 1.0)


def test_an_event_past_the_end_is_clipped(root: Path) -> None:
    (found,) = listed_quietly(root, "b.wav\t0.5\t9\tcar\n")
    assert found.events == (Event(0.5, 1.0, "car"),)


def listed_quietly(root: Path, rows: str) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return listed(root, rows)


def test_unlisted_audio_is_left_out_with_a_warning(root: Path) -> None:
    (root / "street" / "train" / "notes.txt").write_text("not audio")
    with pytest.warns(UserWarning, match=r"train\.tsv: 1 recordings in .* not listed and are left out, such as a.flac"):
        found = listed(root, "b.wav\t0.1\t0.5\tcar\n")
    assert [r.filename for r in found] == ["b.wav"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("c.wav\t0\t1\tcar\n", "'c.wav' is listed, but there is no such file in"),
        ("b.wav\t1.0\t1.5\tcar\n", "b.wav: an event begins at 1 s, but the recording lasts 1.00 s"),
        ("../train.tsv\t0\t1\tcar\n", "'../train.tsv' leads out of"),
        ("/etc/passwd\t0\t1\tcar\n", "'/etc/passwd' leads out of"),
        ("b.wav\tx\t1\tcar\n", "onset 'x' is not a number"),
    ],
)
def test_mistakes_in_the_table(root: Path, rows: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"train\.tsv.*{re.escape(message)}") as caught:
        listed_quietly(root, rows)
    assert "\n" not in str(caught.value)


def test_a_link_that_leads_out(root: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "far.wav", tone(1.0), 16000)
    (root / "street" / "train" / "link.wav").symlink_to(tmp_path / "far.wav")
    with pytest.raises(UserError, match=r"'link\.wav' leads out of"):
        listed_quietly(root, "link.wav\t0\t1\tcar\n")


def test_audio_that_is_none(root: Path) -> None:
    (root / "street" / "train" / "b.wav").write_bytes(b"")
    with pytest.raises(UserError, match=r"train/b\.wav: the audio file is empty"):
        read_labeled(root, STREET, "train")


def test_missing_parts(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"street/validation\.tsv: no such file; it lists filename, onset"):
        read_labeled(root, STREET, "validation")
    (root / "street" / "test.tsv").write_text(HEADER)
    with (
        opened_test({}, tmp_path / "decisions.json"),
        pytest.raises(UserError, match=r"street/test: no such folder; test\.tsv lists"),
    ):
        read_labeled(root, STREET, "test")
    with pytest.raises(UserError, match=r"no environment 'home'; there are: street"):
        environment_folder(root, "home")


def test_the_wrong_level(root: Path, tmp_path: Path) -> None:
    for wrong in (root / "street", tmp_path):
        with pytest.raises(UserError, match=r"holds no environment; expected .*one level up or down"):
            environments_in(wrong)
    with pytest.raises(UserError, match="no such folder"):
        environments_in(tmp_path / "nowhere")


def test_environments_and_labels(root: Path) -> None:
    (root / "quiet" / "unlabeled").mkdir(parents=True)
    (root / "scratch").mkdir()
    (root / "README.md").write_text("")
    assert environments_in(root) == ("quiet", "street")
    assert labels_in(root, "street") == ("car", "klaxon")
    with pytest.raises(UserError, match=r"quiet/train\.tsv: no such file"):
        labels_in(root, "quiet")


def test_unlabeled(root: Path) -> None:
    assert read_unlabeled(root, "street") == []
    folder = root / "street" / "unlabeled"
    folder.mkdir()
    for name in ("z.wav", "y.WAV"):
        soundfile.write(folder / name, tone(0.5), 16000)
    (folder / "notes.txt").write_text("not audio")
    found = read_unlabeled(root, "street")
    assert [(r.filename, r.duration, r.events) for r in found] == [("y.WAV", 0.5, None), ("z.wav", 0.5, None)]


def test_digest_follows_audio_and_annotation(root: Path) -> None:
    before = read_labeled(root, STREET, "train")
    same = digest_of(before)
    assert digest_of(read_labeled(root, STREET, "train")) == same
    assert digest_of(before[::-1]) != same
    moved = listed(root, "b.wav\t0.1\t0.5\tcar\nb.wav\t0.4\t0.8\tklaxon\na.flac\t\t\t\n")
    assert digest_of(moved) != same
    soundfile.write(before[1].path, tone(1.0, 441.0), 16000)
    assert digest_of(before) != same

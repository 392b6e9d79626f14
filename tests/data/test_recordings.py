"""The generic folder: what is read from it, and the one line for each way to get it wrong."""

import re
import unicodedata
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from tiny import tone

from sedkd.data.environment import Environment
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
from sedkd.errors import SedkdWarning, UnknownLabel, UserError

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


def listed(root: Path, rows: str, environment: Environment = STREET) -> list:
    (root / "street" / "train.tsv").write_text(HEADER + rows, encoding="utf-8")
    return read_labeled(root, environment, "train")


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


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("b.wav\t0.5\t1.2\tcar\n", None),  # rounding
        ("b.wav\t0.5\t9\tcar\n", "an event ends after the end of the recording, such as b.wav at 9 s of 1.00 s"),
        ("b.wav\t0.1\t3\tcar\nb.wav\t0.5\t9\tcar\n", "2 events end after the end of the recording, such as b.wav at 9"),
    ],
)
def test_an_event_past_the_end_is_cut_there(root: Path, rows: str, told: str | None) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (found,) = listed(root, rows)
    assert found.events[-1].offset == 1.0
    lines = [str(w.message) for w in caught if "after the end" in str(w.message)]
    assert [told is not None and told in line for line in lines] == [True] * (told is not None)


def listed_quietly(root: Path, rows: str, environment: Environment = STREET) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return listed(root, rows, environment)


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


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ("b.wav\t0\t1\tcar\nc.wav\t0\t1\tcar\nc.wav\t2\t3\tcar\n", "train.tsv, line 3: 'c.wav' is listed"),
        ("b.wav\t0.5\t1\tcar\n\nb.wav\t1,5\t1.6\tcar\n", "train.tsv, line 4: b.wav: an event begins at 1.5 s"),
    ],
)
def test_the_line_of_a_mistake(root: Path, rows: str, where: str) -> None:
    with pytest.raises(UserError, match=where):
        listed_quietly(root, rows)


def test_the_owners_links_are_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "disk" / "monday").mkdir(parents=True)
    for name in ("far.wav", "monday/early.wav"):
        soundfile.write(tmp_path / "disk" / name, tone(1.0), 16000)
    (root / "street" / "train" / "link.wav").symlink_to(tmp_path / "disk" / "far.wav")
    (root / "street" / "unlabeled").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "again").symlink_to(tmp_path / "disk")  # a circle ends
    assert [r.filename for r in listed_quietly(root, "link.wav\t0\t1\tcar\n")] == ["link.wav"]
    assert [r.filename for r in read_unlabeled(root, "street")] == ["far.wav", "monday/early.wav"]


def test_a_folder_per_day(root: Path) -> None:
    """Nested recordings beside one at the top, and what other systems leave beside them."""
    train = root / "street" / "train"
    for name in ("monday/x.wav", "monday/y.wav", "tuesday/y.wav"):
        (train / name).parent.mkdir(exist_ok=True)
        soundfile.write(train / name, tone(1.0), 16000)
    for name in ("._a.wav", "monday/._x.wav", ".Trashes/z.wav"):
        (train / name).parent.mkdir(exist_ok=True)
        (train / name).write_bytes(b"no audio")
    rows = "a.flac\t0\t1\tcar\nb.wav\t\t\t\nmonday/y.wav\t0\t1\tcar\nx.wav\t0\t1\tcar\n"
    with pytest.warns(SedkdWarning, match="1 recordings in .* are not listed and are left out, such as tuesday/y.wav"):
        found = listed(root, rows)
    assert [r.path.relative_to(train).as_posix() for r in found] == ["a.flac", "b.wav", "monday/y.wav", "monday/x.wav"]
    with pytest.raises(UserError, match=r"'y\.wav' may be .*monday/y\.wav or .*tuesday/y\.wav: write the folder, too"):
        listed_quietly(root, "y.wav\t0\t1\tcar\n")


@pytest.mark.parametrize("there", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_accents_in_names_and_labels(root: Path, there: str, written: str) -> None:
    """A letter with its accent is one character or two, as the system likes it that wrote the name or the table."""
    train = root / "street" / "train"
    soundfile.write(train / unicodedata.normalize(there, "müllauto é.wav"), tone(1.0), 16000)
    street = Environment("street", "street", ("car", unicodedata.normalize(there, "mülltonne")))
    rows = unicodedata.normalize(written, "Müllauto é.wav\t0\t1\tMülltonne\n")
    (recording,) = listed_quietly(root, rows, street)
    assert [event.event_label for event in recording.events or ()] == [street.events[1]]


def test_one_recording_under_two_names(root: Path) -> None:
    with pytest.raises(UserError, match=r"is listed as 'B\.WAV' and as 'b\.wav': spell it alike"):
        listed_quietly(root, "b.wav\t0\t1\tcar\nB.WAV\t0\t1\tcar\n")


def test_a_label_that_is_no_event(root: Path) -> None:
    street = Environment("street", "street", ("car", "bird"))
    rows = "a.flac\t0\t0.2\tCAR \na.flac\t0.2\t0.4\tbrids\nb.wav\t0\t0.5\tbrids\nb.wav\t0.1\t0.3\tBird\n"
    with pytest.warns(UnknownLabel) as told:
        a, b = listed(root, rows, street)
    table = root / "street" / "train.tsv"
    assert [str(warning.message) for warning in told if issubclass(warning.category, UnknownLabel)] == [
        f"{table}, line 3: 'brids' (2 times) is no event of street, and unknown there: is 'bird' meant?"
    ]
    assert (a.unknown, b.unknown) == (((0.2, 0.4),), ((0.0, 0.5),))
    assert digest_of([a]) != digest_of([replace(a, unknown=())])


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
    assert digest_of([replace(recording, asked=True) for recording in before]) != same
    elsewhere = [replace(recording, environment="yard") for recording in before]
    assert digest_of(elsewhere) == same  # the same clips under another name
    assert digest_of([before[0], elsewhere[1]]) != same  # the other's end is the next one's beginning
    moved = listed(root, "b.wav\t0.1\t0.5\tcar\nb.wav\t0.4\t0.8\tklaxon\na.flac\t\t\t\n")
    assert digest_of(moved) != same
    soundfile.write(before[1].path, tone(1.0, 441.0), 16000)
    assert digest_of(before) != same

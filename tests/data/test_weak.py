"""Clip-level labels: DESED's weak format, and the one line for each way to get it wrong."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from tiny import tone, write_folder

from sedkd.data.environment import Environment
from sedkd.data.pool import folder_pool
from sedkd.data.recordings import digest_of
from sedkd.data.weak import read_tags, read_weak, write_tags
from sedkd.errors import UnknownLabel, UserError

STREET = Environment("street", "street", ("car", "horn"), aliases={"klaxon": "horn"})
HEADER = "filename\tevent_labels\n"
SILENCE = b"RIFF4\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\x10\0\0\0" + bytes(16)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One environment with weak clips a.wav, b.wav and c.flac, and no table yet."""
    folder = tmp_path / "data" / "street" / "weak"
    folder.mkdir(parents=True)
    for name, seconds in (("a.wav", 0.5), ("b.wav", 1.0), ("c.flac", 1.0)):
        soundfile.write(folder / name, tone(seconds), 16000)
    return tmp_path / "data"


def listed(root: Path, text: str, environment: Environment = STREET) -> list:
    (root / "street" / "weak.tsv").write_bytes(text.encode())
    return read_weak(root, environment)


def test_reads_the_clips(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b, c = listed(root, HEADER + "c.flac\tklaxon, car ,horn\na.wav\t\nb.wav\tcar\n")
    assert [r.filename for r in (a, b, c)] == ["a.wav", "b.wav", "c.flac"]
    assert (a.tags, b.tags, c.tags) == ((), ("car",), ("horn", "car"))
    assert a.listened is b.listened is c.listened is None
    assert a.events is b.events is c.events is None
    assert (a.path, a.environment, a.duration) == (root / "street" / "weak" / "a.wav", "street", 0.5)


def test_no_table_is_no_clip(root: Path) -> None:
    assert read_weak(root, STREET) == []


def test_what_editors_do_to_tables(root: Path) -> None:
    """Carriage returns, a mark in front, a stripped TAB, quotes about a comma, another column, empty lines."""
    text = '\ufefffilename\tevent_labels\tby\r\n\r\na.wav\r\nb.wav\t"car,horn"\tme\r\nc.flac\tcar\tme\r\n'
    assert [r.tags for r in listed(root, text)] == [(), ("car", "horn"), ("car",)]


def test_unlisted_audio_is_left_out_with_a_warning(root: Path) -> None:
    with pytest.warns(UserWarning, match=r"weak\.tsv: 2 recordings in .* are not listed and are left out, such as b"):
        found = listed(root, HEADER + "a.wav\tcar\n")
    assert [r.filename for r in found] == ["a.wav"]


def test_a_table_in_another_spelling_is_the_same_table(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = listed(root, HEADER + "a.wav\tCar\nb.wav\t HORN_\nc.flac\t\n")
    assert [r.tags for r in found] == [("car",), ("horn",), ()]


def test_a_label_that_is_no_event_leaves_the_others_unknown(root: Path) -> None:
    """It may be any of them, misspelt; what the clip's other labels say still holds."""
    text = HEADER + "a.wav\thorm,car\nb.wav\tsiren\nc.flac\tcar\n"
    with pytest.warns(UnknownLabel) as told:
        found = listed(root, text)
    table = root / "street" / "weak.tsv"
    assert [str(warning.message) for warning in told] == [
        f"{table}, line 2: 'horm' (once) is no event of street, and unknown there: is 'horn' meant?",
        f"{table}, line 3: 'siren' (once) is no event of street, and unknown there: spell it as one of car, horn, "
        "or add an alias",
    ]
    assert [r.listened for r in found] == [("car",), (), None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "d.wav\tcar\n", "'d.wav' is listed, but there is no such file in"),
        (HEADER + "../weak.tsv\tcar\n", "'../weak.tsv' leads out of"),
        (HEADER + "/etc/passwd\tcar\n", "'/etc/passwd' leads out of"),
        (HEADER + "a.wav\tcar\nb.wav\t\na.wav\thorn\n", "line 4: 'a.wav' is listed before: join its labels by commas"),
        (HEADER + "a.wav\tcar,,horn\n", "line 2: a label is empty in 'car,,horn': join labels by single commas"),
        (HEADER + "a.wav\tcar,\n", "line 2: a label is empty in 'car,'"),
        (HEADER + "\tcar\n", "line 2: the filename is empty"),
        (HEADER + "a.wav\tcar\thorn\n", "line 2: 3 fields where the header has 2"),
        (HEADER, "lists no recording"),
        ("", "the file is empty: it needs a header, TAB-separated: filename event_labels"),
        ("filename,event_labels\na.wav,car\n", "line 1: this looks comma-separated"),
        ("filename\tonset\toffset\tevent_label\na.wav\t0\t1\tcar\n", "line 1: no column event_labels"),
        ("a.wav\tcar\n", "line 1: no column filename, event_labels"),
    ],
)
def test_mistakes_in_the_table(root: Path, text: str, message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(UserError, match=rf"weak\.tsv.*{re.escape(message)}") as caught:
            listed(root, text)
    assert "\n" not in str(caught.value)


def test_audio_that_is_none(root: Path) -> None:
    (root / "street" / "weak" / "a.wav").write_bytes(b"")
    with pytest.raises(UserError, match=r"weak/a\.wav: the audio file is empty"):
        listed(root, HEADER + "a.wav\tcar\nb.wav\t\nc.flac\t\n")


def test_a_table_without_its_folder(root: Path) -> None:
    (root / "street" / "weak").rename(root / "street" / "elsewhere")
    with pytest.raises(UserError, match=r"street/weak: no such folder; weak\.tsv lists the recordings"):
        listed(root, HEADER + "a.wav\tcar\n")


def test_an_event_that_the_table_cannot_name(root: Path) -> None:
    """Its absence from every row would pass for its absence from every clip."""
    text = HEADER + "a.wav\tbark\nb.wav\t\nc.flac\t\n"
    named = Environment("street", "street", ("car", "bark, dog"))
    with pytest.raises(UserError, match=r"weak\.tsv: the event 'bark, dog' holds a comma.*give it an alias without"):
        listed(root, text, named)
    assert listed(root, text, replace(named, aliases={"bark": "bark, dog"}))[0].tags == ("bark, dog",)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tags = {"b.wav": ("car", "large vehicle"), "a.wav": (), "sub/c.wav": ("(object) rustling",)}
    write_tags(tmp_path / "weak.tsv", tags)
    assert (
        (tmp_path / "weak.tsv").read_bytes().startswith(b"filename\tevent_labels\nb.wav\tcar,large vehicle\na.wav\t\n")
    )
    assert read_tags(tmp_path / "weak.tsv") == tags


@pytest.mark.parametrize("tags", [{"a\t.wav": ()}, {"": ()}, {"a.wav": ("bark, dog",)}, {"a.wav": ("",)}])
def test_what_cannot_be_written(tmp_path: Path, tags: dict) -> None:
    with pytest.raises(UserError):
        write_tags(tmp_path / "weak.tsv", tags)
    assert list(tmp_path.iterdir()) == []


def test_the_pool(tmp_path: Path) -> None:
    write_folder(tmp_path, {"park": ("low", "high"), "hall": ("mid",)}, clips=1)
    (tmp_path / "park" / "unlabeled").rename(tmp_path / "park" / "weak")
    write_tags(tmp_path / "park" / "weak.tsv", {"u0.wav": ("high", "bass"), "u1.wav": ()})
    known = Environment("park", "park", ("bass", "high"), {}, {"low": "bass"})
    pool = folder_pool(tmp_path, {"park": known}, "park")
    assert [r.tags for r in pool.weak("park")] == [("high", "bass"), ()]
    assert pool.weak("hall") == []
    assert all(r.tags is None for r in [*pool.training("park"), *pool.unlabeled("hall")])


def test_the_digest_follows_tags_and_is_what_it_was_without(root: Path) -> None:
    found = listed(root, HEADER + "a.wav\tcar\nb.wav\t\nc.flac\t\n")
    plain = [replace(r, tags=None) for r in found]
    emptied = [replace(r, tags=()) for r in found]
    assert len({digest_of(found), digest_of(plain), digest_of(emptied)}) == 3
    # As it was before there were tags: studies go on and caches hold.
    (root / "silence.wav").write_bytes(SILENCE)
    assert digest_of([replace(plain[0], path=root / "silence.wav")]) == "1418f26d065f12dc0737975e8ab622e1"

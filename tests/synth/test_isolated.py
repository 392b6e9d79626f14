import argparse
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search.cli import data
from sedkd.data.events import read_annotations
from sedkd.data.weak import read_tags
from sedkd.errors import UserError
from sedkd.synth.isolated import synthesise
from sedkd.synth.library import assign_folds, read_library
from sedkd.synth.recipe_file import read_recipes

COUNTS = {"train": 3, "validation": 2, "test": 2, "unlabeled": 2}
EXAMPLE = Path(__file__).parents[2] / "spaces" / "recipes" / "esc10.yaml"


def _write(path: Path, seconds: float, rate: int = 22_050, level: float = 0.2, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(zlib.crc32(path.name.encode()))  # no two sound alike
    tone = np.sin(2 * np.pi * rng.uniform(300, 3000) * np.arange(int(seconds * rate)) / rate)
    soundfile.write(str(path), np.repeat(level * tone[:, None], channels, axis=1), rate)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Three classes of six recordings, of different rates and channels, in folders that are numbered as in ESC-10."""
    folder = tmp_path / "events"
    for number, label in enumerate(["Dog", "Bell", "Rain"]):
        for take in range(6):
            path = folder / f"{number:03d} - {label}" / f"{label.lower()}{take}_x.{('wav', 'flac')[take % 2]}"
            _write(path, 0.5 + 0.2 * take, rate=(16_000, 44_100)[take % 2], channels=1 + take % 2)
    return folder


def _make(events: Path, out: Path, recipe: str | None = None, **changes: object):
    recipes = None
    if recipe is not None:
        file = out.parent / "recipe.yaml"
        file.write_text(recipe)
        recipes = read_recipes(file)
    given = {"recipes": recipes, "counts": COUNTS, "seed": 1, "clip_seconds": 4.0, **changes}
    return synthesise(events, None, out, **given)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_a_recipe_all_classes_are_events_of_one_environment(events: Path, tmp_path: Path) -> None:
    report = _make(events, tmp_path / "out")
    assert report.clips == {("mixed", split): count for split, count in COUNTS.items()}
    assert any("synthetic" in note for note in report.notes)
    folder = tmp_path / "out" / "mixed"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*COUNTS, "train.tsv", "validation.tsv", "test.tsv"]
    )
    labels = {event.event_label for found in read_annotations(folder / "train.tsv").values() for event in found}
    assert labels <= {"Dog", "Bell", "Rain"}
    assert soundfile.info(str(folder / "test" / "test_0001.wav")).duration == 4.0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(events: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        _make(events, tmp_path / name, seed=seed)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    assert _files(tmp_path / "a") != _files(tmp_path / "c")


def test_weak_clips_change_nothing_else(events: Path, tmp_path: Path) -> None:
    for name, more in (("without", {}), ("none", {"weak": 0}), ("with", {"weak": 2})):
        report = _make(events, tmp_path / name, counts={**COUNTS, **more})
    assert report.clips["mixed", "weak"] == 2
    assert report.events["mixed", "weak"] == sum(map(len, read_tags(tmp_path / "with" / "mixed" / "weak.tsv").values()))
    without, none, more = (_files(tmp_path / name) for name in ("without", "none", "with"))
    assert none == without
    assert b"weak" not in without["synthesis.json"]
    record = json.loads(more.pop("synthesis.json"))
    assert record["counts"] == {**COUNTS, "weak": 2}
    assert record["source_files"]["weak"] == record["source_files"]["train"]
    added = sorted(set(more) - set(without))
    assert added == ["mixed/weak.tsv", "mixed/weak/weak_0000.wav", "mixed/weak/weak_0001.wav"]
    assert more["mixed/weak/weak_0000.wav"] not in without.values()
    assert {name: content for name, content in more.items() if name not in added} == {
        name: content for name, content in without.items() if name != "synthesis.json"
    }


def test_weak_labels_are_what_is_heard(tmp_path: Path) -> None:
    """Each class is one tone; the table must tell in which clips it sounds."""
    hertz = {"Bell": 700.0, "Dog": 1900.0}
    for label, pitch in hertz.items():
        for fold in (1, 2, 3, 4, 5):
            path = tmp_path / "events" / label / f"{fold}-a.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, 0.2 * np.sin(2 * np.pi * pitch * np.arange(16_000) / 16_000), 16_000)
    recipe = "e: {events: [Bell, Dog], snr_db: [20, 25], events_per_clip: [1, 2]}"
    _make(tmp_path / "events", tmp_path / "out", recipe, counts={"weak": 24})
    tags = read_tags(tmp_path / "out" / "e" / "weak.tsv")
    assert len(tags) == 24
    assert set(tags.values()) >= {("Bell",), ("Dog",), ("Bell", "Dog")}
    for name, labels in tags.items():
        audio, rate = soundfile.read(tmp_path / "out" / "e" / "weak" / name)
        spectrum = np.abs(np.fft.rfft(audio))
        for label, pitch in hertz.items():
            at = round(pitch * len(audio) / rate)
            around = np.median(spectrum[at - 400 : at + 400])
            assert (spectrum[at - 3 : at + 4].max() > 30 * around) == (label in labels), (name, label)


def test_jams_say_what_the_tables_say_and_change_nothing_else(events: Path, tmp_path: Path) -> None:
    counts = {**COUNTS, "weak": 2}
    _make(events, tmp_path / "tables", counts=counts)
    _make(events, tmp_path / "jams", counts=counts, truth="jams")
    tables, files = _files(tmp_path / "tables"), _files(tmp_path / "jams")
    more = {name for name in files if name.endswith(".jams")}
    assert len(more) == 3 + 2 + 2 + 2  # nothing beside unlabelled clips
    assert set(files) == set(tables) | more
    assert all(files[name] == tables[name] for name in tables if name != "synthesis.json")
    folder = tmp_path / "jams" / "mixed"
    for name, expected in read_annotations(folder / "train.tsv").items():
        content = json.loads((folder / "train" / name).with_suffix(".jams").read_text())
        (annotation,) = content["annotations"]
        assert content["file_metadata"]["duration"] == annotation["duration"] == 4.0
        assert annotation["namespace"] == "tag_open"
        found = [(o["time"], o["time"] + o["duration"], o["value"]) for o in annotation["data"]]
        assert [label for *_, label in found] == [event.event_label for event in expected]
        np.testing.assert_allclose([f[:2] for f in found], [(e.onset, e.offset) for e in expected], atol=1e-3)
    for name, labels in read_tags(folder / "weak.tsv").items():
        content = json.loads((folder / "weak" / name).with_suffix(".jams").read_text())
        told = content["annotations"][0]["data"]
        assert [(o["time"], o["duration"], o["value"]) for o in told] == [(0.0, 4.0, label) for label in labels]
    with pytest.raises(UserError, match="--truth xml: expected tsv or jams"):
        _make(events, tmp_path / "x", truth="xml")


def test_reverberation_is_heard(events: Path, tmp_path: Path) -> None:
    """The same clips, dry and in a hall: only in the hall does a sound go on after its source."""
    recipe = "e: {{events: [Bell], snr_db: [40, 40], events_per_clip: [1, 1]{hall}}}"
    hall = ", reverberation: {decay_seconds: [2, 2], direct_db: [-6, -6], tilt_db: [0, 0]}"
    lasting = []
    for name, text in (("dry", ""), ("wet", hall)):
        _make(events, tmp_path / name, recipe.format(hall=text), counts={"train": 12})
        table = read_annotations(tmp_path / name / "e" / "train.tsv")
        lasting.append(np.median([e.offset - e.onset for found in table.values() for e in found if e.offset < 3.9]))
    assert lasting[1] > lasting[0] + 0.2


def test_a_weak_label_with_a_comma_is_refused_before_mixing(events: Path, tmp_path: Path) -> None:
    (events / "000 - Dog").rename(events / "Dog, big")
    with pytest.raises(UserError, match=r"'Dog, big' holds a comma, which separates labels in weak\.tsv: rename it"):
        _make(events, tmp_path / "out", counts={"train": 1, "weak": 1})
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_left_alone(events: Path, tmp_path: Path) -> None:
    _make(events, tmp_path / "out")
    before = _files(tmp_path / "out")
    assert any("already" in note for note in _make(events, tmp_path / "out").notes)
    with pytest.raises(UserError, match=r"exists and holds another synthesis: remove it, or name another"):
        _make(events, tmp_path / "out", seed=9)
    assert _files(tmp_path / "out") == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("")
    with pytest.raises(UserError, match="exists and holds other files"):
        _make(events, tmp_path / "full")


def test_recordings_that_changed_make_another_synthesis(events: Path, tmp_path: Path) -> None:
    _make(events, tmp_path / "out")
    made = tmp_path / "out" / "synthesis.json"
    record = json.loads(made.read_text())
    made.write_text(json.dumps({key: value for key, value in record.items() if key != "source_contents"}))
    assert any("already" in note for note in _make(events, tmp_path / "out").notes)  # as earlier versions wrote it
    for damaged in ("{", "[1]", ""):
        made.write_text(damaged)
        with pytest.raises(UserError, match="exists and holds another synthesis"):
            _make(events, tmp_path / "out")
    made.write_text(json.dumps(record))
    file = next((events / "000 - Dog").glob("*.wav"))
    audio, rate = soundfile.read(file)
    size = file.stat().st_size
    soundfile.write(file, audio[::-1], rate)
    assert file.stat().st_size == size
    with pytest.raises(UserError, match="exists and holds another synthesis"):
        _make(events, tmp_path / "out")


def test_an_error_while_mixing_leaves_nothing(events: Path, tmp_path: Path) -> None:
    for place, file in enumerate((events / "000 - Dog").iterdir()):
        soundfile.write(str(file), np.zeros(8000 + place), 16_000)
    with pytest.raises(UserError, match=r"dog\d_x\.\w+: holds nothing but silence"):
        _make(events, tmp_path / "out", "e: {events: [Dog]}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events", "recipe.yaml"]


def test_sound_behind_half_a_minute_of_silence_is_found_and_what_is_not_taken_is_told(
    events: Path, tmp_path: Path
) -> None:
    for file in (events / "000 - Dog").iterdir():
        sound, rate = soundfile.read(str(file), always_2d=True)
        soundfile.write(str(file), np.concatenate([np.zeros((31 * rate, sound.shape[1])), sound]), rate)
    report = _make(events, tmp_path / "out", "e: {events: [Dog], events_per_clip: [1, 1]}")
    assert any("6 recordings of events longer than 30 s: of each the first 30 s" in note for note in report.notes)
    assert report.events["e", "train"] > 0


def test_recordings_of_one_group_stay_together_and_every_split_has_some(events: Path, tmp_path: Path) -> None:
    files = [Path(f"{group}-{take}.wav") for group in "abcdefgh" for take in range(3)]
    folds = assign_folds({"x": files})
    assert {len({folds[file] for file in files if file.name[0] == group}) for group in "abcdefgh"} == {1}
    assert set(folds.values()) == {1, 2, 3, 4, 5}
    assert set(assign_folds({"x": [Path(f"{name}.wav") for name in "abc"]}).values()) == {1, 4, 5}
    library = read_library(events)
    for label in ("Dog", "Bell", "Rain"):
        splits = [set(library[split][label]) for split in ("train", "validation", "test")]
        assert all(splits)
        assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]
        assert library["unlabeled"][label] == library["train"][label]


def test_one_recording_of_several_names_is_in_one_split(tmp_path: Path) -> None:
    """Whatever its names, class and format; it would be learnt in one split and scored in another."""
    for name in "abcdef":
        _write(tmp_path / "Dog" / f"{name}.wav", 1.0)
    twin, sound = tmp_path / "Dog" / "a.wav", soundfile.read(str(tmp_path / "Dog" / "a.wav"))
    for place in range(6):
        (tmp_path / "Dog" / f"copy{place}.wav").write_bytes(twin.read_bytes())
    (tmp_path / "Wolf").mkdir()
    soundfile.write(str(tmp_path / "Wolf" / "howl.flac"), *sound)
    library = read_library(tmp_path)
    alike = {twin, tmp_path / "Wolf" / "howl.flac", *(tmp_path / "Dog" / f"copy{place}.wav" for place in range(6))}
    heard = {
        split: alike & {*library[split]["Dog"], *library[split]["Wolf"]} for split in ("train", "validation", "test")
    }
    assert sorted(map(len, heard.values())) == [0, 0, 8]


def test_folds_in_file_names_hold() -> None:
    files = [Path(f"{fold}-{take}-A.ogg") for fold in range(1, 6) for take in range(2)]
    assert assign_folds({"x": files}) == {file: int(file.name[0]) for file in files}


def test_backgrounds_from_a_folder(events: Path, tmp_path: Path) -> None:
    _write(tmp_path / "beds" / "long.wav", 40.0)
    report = synthesise(
        events, tmp_path / "beds", tmp_path / "out", recipes=None, counts={"train": 2}, seed=0, clip_seconds=4.0
    )
    assert any("all splits share them" in note for note in report.notes)
    for file in "bcdef":
        _write(tmp_path / "beds" / f"{file}.wav", 1.0)
    report = synthesise(
        events, tmp_path / "beds", tmp_path / "more", recipes=None, counts={"train": 2}, seed=0, clip_seconds=4.0
    )
    assert report.notes == []


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("e: {events: [Dog, Cat]}", "environment e: no folder for 'Cat' in .*; there are Dog, Bell, Rain"),
        ("e: {events: [Dog], beds: [Rain]}", "recipe.yaml, e: no key 'beds'; there are events"),
        ("e: {events: [Dog], backgrounds: [Dog]}", "'Dog' is listed twice"),
        ("e: {distractors: [Dog]}", "events is missing"),
        ("e: {events: Dog}", "e, events: must be a list"),
        ("e: {events: [Dog], snr_db: 3}", r"e, snr_db: 3 must be two numbers, \[low, high\]"),
        ("e: {events: [Dog], snr_db: [0, .inf]}", r"e, snr_db: \[0, inf\] must be two numbers, .* from -60 to 60"),
        ("e: {events: [Dog], distractor_snr_db: [-1000, 0]}", r"distractor_snr_db: \[-1000, 0\] must be two numbers"),
        ("e: {events: [Dog], events_per_clip: [1, .inf]}", r"events_per_clip: \[1, inf\] must be two numbers"),
        ("e: {events: [Dog], polyphony: .inf}", "e, polyphony: must be whole numbers from 1 to 100"),
        ("e: {events: [Dog], polyphony: 0}", "e, polyphony: must be whole numbers from 1"),
        ("e: {events: [Dog], reverberation: {decay: [1, 2]}}", "must hold exactly decay_seconds, direct_db, tilt_db"),
        ("../e: {events: [Dog]}", "cannot be the name of an environment"),
        ("e: [", ":1: not valid YAML"),
        ("e: {events: [a]}\ne: {events: [b]}", ":2: e stands there twice, first in line 1: keep one"),
        ("", "expected keys and values at the top level"),
        ("{}", "holds no environment"),
    ],
)
def test_recipes_that_cannot_be_used_are_named(events: Path, tmp_path: Path, recipe: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        _make(events, tmp_path / "out", recipe)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_folders_and_files_that_cannot_be_used_are_named(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"nowhere: no such folder"):
        _make(tmp_path / "nowhere", out)
    (tmp_path / "flat").mkdir()
    with pytest.raises(UserError, match=r"flat: no class folders"):
        _make(tmp_path / "flat", out)
    (events / "Cat").mkdir()
    with pytest.raises(UserError, match=r"Cat: no audio in it"):
        _make(events, out)
    _write(events / "Cat" / "only_1.wav", 1.0)
    with pytest.raises(UserError, match=r"no recording of 'Cat' for validation \(fold 4\)"):
        _make(events, out)
    (events / "Cat" / "bad.wav").write_bytes(b"")
    with pytest.raises(UserError, match=r"bad\.wav: the audio file is empty"):
        _make(events, out)
    (events / "Cat" / "bad.wav").write_bytes(b"no audio at all")
    with pytest.raises(UserError, match=r"bad\.wav: cannot be read as audio"):
        _make(events, out)


@pytest.mark.parametrize(
    "changes", [{"rate": 100}, {"clip_seconds": 0.1}, {"seed": -1}, {"counts": {"train": -1}}, {"counts": {"test": 0}}]
)
def test_numbers_that_make_no_sense_are_refused(events: Path, tmp_path: Path, changes: dict) -> None:
    with pytest.raises(UserError):
        _make(events, tmp_path / "out", **changes)


@pytest.mark.slow
def test_the_command_line_with_esc10(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    data.add_parser(parser.add_subparsers())
    out = tmp_path / "soundscapes"
    line = f"data synthesise --events {shared}/data/esc10 --out {out} --recipe {EXAMPLE} --train 3 --validation 2"
    args = parser.parse_args([*line.split(), "--test", "2", "--unlabeled", "0", "--weak", "2"])
    assert args.run(args) == 0
    shown = capsys.readouterr().out
    assert "coast" in shown
    assert shown.count("weak") == 3
    assert sorted(path.name for path in out.iterdir()) == ["coast", "farm", "home", "synthesis.json"]
    record = json.loads((out / "synthesis.json").read_text())
    assert all(name.split("/")[1].startswith("5-") for name in record["source_files"]["test"]["Rain"])
    table = read_annotations(out / "home" / "train.tsv")
    assert len(table) == 3
    labels = {event.event_label for events in table.values() for event in events}
    assert labels <= {"Baby cry", "Person sneeze", "Clock tick", "Dog bark"}

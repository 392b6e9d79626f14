"""An exported student hears in a file of any kind what scoring says it hears."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from exported import LABELS, RATE, moving_student, noise, scored, write_export

from search.cli import detect as command
from search.cli.detections import format_for
from sedkd.data.audio import read_audio, read_spans
from sedkd.errors import SedkdWarning, UserError
from sedkd.export.reading import read_bundle
from sedkd.models.student import Student
from sedkd.score.thresholding import decode
from sedkd.stream.detect import detect, file_probabilities

HEADER = "filename\tonset\toffset\tevent_label\tconfidence"
FP16 = 0.02  # scoring's features are stored with three digits


@pytest.fixture(scope="module")
def student() -> Student:
    return moving_student()


@pytest.fixture(scope="module")
def folder(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(student, tmp_path_factory.mktemp("exports"))


def test_a_folder_per_day_and_what_other_systems_leave_there(folder: Path, tmp_path: Path) -> None:
    for name in ("top.wav", "monday/a.wav", "monday/late/b.wav"):
        (tmp_path / "card" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "card" / name, noise(1.0), RATE)
    (tmp_path / "card" / "monday" / "._a.wav").write_bytes(b"no audio")
    (tmp_path / "disk").symlink_to(tmp_path / "card")
    files, failed = command._expanded([str(tmp_path / "disk")])
    assert [Path(file).relative_to(tmp_path / "disk").as_posix() for file in files] == [
        "monday/a.wav", "monday/late/b.wav", "top.wav"
    ]  # fmt: skip
    assert not failed


def test_a_file_that_is_named_twice_is_heard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", noise(1.0), RATE)
    assert command._expanded(["b.wav", ".", str(tmp_path / "b.wav")]) == (["b.wav", "a.wav"], False)


def test_a_detour_and_a_link_lead_to_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from search.cli import review

    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    soundfile.write("real/a.wav", noise(1.0), RATE)
    Path("sym").symlink_to("real")
    Path("b.wav").symlink_to("real/a.wav")
    names = ["real", "sym/../real/a.wav", "sym", "b.wav", str(tmp_path / "real"), "real/a.wav"]
    assert command._expanded(names) == (["real/a.wav"], False)
    assert review._recordings(names) == [Path("real/a.wav")]


@pytest.mark.parametrize(("lowest", "told"), [(44100, 1), (8000, 0), (None, 0)])
def test_recordings_of_a_lower_rate_than_the_students_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lowest: int | None, told: int
) -> None:
    """Above half of its rate a recording is silent, of which the student may make anything. What a higher rate than
    twice the highest frequency that it hears would add, it does not hear."""
    shutil.copytree(folder, tmp_path / "export")
    facts = json.loads((tmp_path / "export/student.json").read_text())
    facts["provenance"]["lowest_rate"] = lowest
    (tmp_path / "export/student.json").write_text(json.dumps(facts))
    for rate in (8000, 11025, 16000):
        soundfile.write(tmp_path / f"{rate:05}.wav", noise(1.0), rate)
    assert run(tmp_path / "export", *sorted(tmp_path.glob("*.wav"))) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "sampled" in line]
    assert len(lines) == told
    first = f"warning: {tmp_path}/08000.wav: is sampled at 8000 Hz, and 1 more are below 16000 Hz, too; the student "
    assert all(line.startswith(first) for line in lines)


def test_what_is_odd_about_a_file_is_told(folder: Path, tmp_path: Path) -> None:
    sound = noise(4.0)[:, 0]
    soundfile.write(tmp_path / "a.wav", np.stack([sound, -sound], axis=1), RATE)
    soundfile.write(tmp_path / "b.wav", sound, RATE)
    bundle = read_bundle(folder)
    with pytest.warns(SedkdWarning, match=r"a\.wav: its channels are of opposite polarity"):
        found = detect(bundle, tmp_path / "a.wav")
    assert found == detect(bundle, tmp_path / "b.wav")


# Lengths: 0.3 s and shorter than a spectrum, one window, one that ends within a frame, one window and a frame, many.
@pytest.mark.parametrize("seconds", [0.01, 0.02, 0.3, 10.0, 9.93, 10.05, 47.31])
def test_answers_as_scored(folder: Path, student: Student, tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(seconds), RATE)
    bundle = read_bundle(folder)
    found, expected = file_probabilities(bundle, path), scored(student, path)
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=FP16)
    if seconds > 5:
        assert expected.std(axis=0).min() > 0.1


@pytest.mark.parametrize("samples", [1, 319])
def test_nothing_is_detected_in_less_than_a_frame(folder: Path, tmp_path: Path, samples: int) -> None:
    """Events of no length were."""
    soundfile.write(tmp_path / "a.wav", noise(1.0)[:samples], RATE)
    assert detect(read_bundle(folder), tmp_path / "a.wav") == []


def test_events_are_scorings(folder: Path, student: Student, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(10.0), RATE)
    bundle = read_bundle(folder)
    post, expected = bundle.post, scored(student, path)
    events = decode(expected, bundle.frame_seconds, LABELS, post.thresholds, post.median_frames, 10.0)
    assert np.abs(expected - np.array(post.thresholds)).min() > 1e-5  # no frame lies on its threshold
    found = detect(bundle, path)
    assert [d.event for d in found] == events
    assert {event.event_label for event in events} == set(LABELS)
    first, last = round(events[0].onset / 0.08), round(events[0].offset / 0.08 + 0.49)
    mean = expected[first:last, LABELS.index(events[0].event_label)].mean()
    assert found[0].confidence == pytest.approx(mean, abs=FP16)


@pytest.mark.parametrize(
    ("suffix", "rate", "channels"), [("wav", 44100, 2), ("flac", 48000, 1), ("ogg", 22050, 2), ("mp3", 32000, 1)]
)
def test_any_rate_and_channels_without_seams(
    folder: Path, tmp_path: Path, suffix: str, rate: int, channels: int
) -> None:
    path, whole = tmp_path / f"a.{suffix}", tmp_path / "whole.wav"
    soundfile.write(path, noise(31.3, rate, channels), rate)
    soundfile.write(whole, read_audio(path, RATE), RATE, subtype="FLOAT")
    bundle = read_bundle(folder)
    found, expected = file_probabilities(bundle, path), file_probabilities(bundle, whole)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_real_audio(folder: Path, student: Student, shared: Path) -> None:
    bundle = read_bundle(folder)
    for path in sorted((shared / "data" / "esc10").glob("*/*.ogg"))[::80]:
        np.testing.assert_allclose(file_probabilities(bundle, path), scored(student, path), atol=FP16)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
def test_spans_are_cut_from_the_whole(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(3.0, rate), rate, subtype="FLOAT")
    whole = read_audio(path, RATE)
    spans = [(0, 100), (1, 16000), (12345, 33333), (40000, 10**6), (10**6, 10**6 + 5)]
    for (start, stop), span in zip(spans, read_spans(path, RATE, spans), strict=True):
        assert span.shape == whole[start:stop].shape
        np.testing.assert_allclose(span, whole[start:stop], atol=1e-6)


def test_memory_stays_bounded(folder: Path, tmp_path: Path) -> None:
    """Half an hour is 115 MB as float32; a fresh process may grow by a third of that after a first short file."""
    block = noise(60.0)[:, 0]
    soundfile.write(tmp_path / "short.wav", block[: 20 * RATE], RATE)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", RATE, 1) as sound:
        for _ in range(30):
            sound.write(block)
    script = """
import resource, sys
from pathlib import Path
import torch
from sedkd.stream.detect import file_probabilities
from sedkd.export.reading import read_bundle
torch.set_num_threads(1)
bundle = read_bundle(Path(sys.argv[1]))
file_probabilities(bundle, Path(sys.argv[2]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
frames = len(file_probabilities(bundle, Path(sys.argv[3])))
print(frames, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    files = [str(folder), str(tmp_path / "short.wav"), str(tmp_path / "long.wav")]
    done = subprocess.run(
        [sys.executable, "-c", script, *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    frames, growth = map(int, done.stdout.split())
    assert frames == 22500
    assert growth < 40_000 * (1 if sys.platform != "darwin" else 1024)  # kB on Linux


def run(*argv: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["detect", *map(str, argv)])
    return args.run(args)


def test_command_prints_a_table(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.wav", "b.flac"):
        soundfile.write(f"in/{name}", noise(10.0), RATE)
    Path("in/notes.txt").write_text("not audio")
    assert run(folder, "./in/a.wav", "in") == 0
    out, err = capsys.readouterr()
    assert err == ""
    header, *rows = out.splitlines()
    assert header == HEADER
    names = [row.split("\t")[0] for row in rows]
    assert list(dict.fromkeys(names)) == ["./in/a.wav", "in/b.flac"]
    for row in rows:
        _, onset, offset, label, confidence = row.split("\t")
        assert 0 <= float(onset) < float(offset) <= 10
        assert label in LABELS
        assert 0 < float(confidence) < 1
        assert all(len(number.split(".")[1]) == 3 for number in (onset, offset, confidence))
    assert run(folder, "./in/a.wav", "in", "--out", "found.tsv") == 0
    assert capsys.readouterr() == ("", "")
    assert Path("found.tsv").read_text() == out


def test_command_goes_on_after_an_unreadable_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, empty, text = tmp_path / "good.wav", tmp_path / "empty.wav", tmp_path / "text.wav"
    soundfile.write(good, noise(10.0), RATE)
    empty.write_bytes(b"")
    text.write_text("no audio at all")
    (tmp_path / "hollow").mkdir()
    assert run(folder, tmp_path / "gone.wav", empty, text, tmp_path / "hollow", good) == 2
    out, err = capsys.readouterr()
    lines = sorted(err.splitlines())
    assert len(lines) == 4
    for name, words in (("gone.wav", "no such"), ("empty.wav", "empty"), ("text.wav", "read"), ("hollow", "no audio")):
        assert any(name in line and words in line for line in lines)
    assert {row.split("\t")[0] for row in out.splitlines()[1:]} == {str(good)}


def test_command_goes_on_after_a_name_that_is_not_utf8(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "z.wav", noise(10.0), RATE)
    shutil.copy(tmp_path / "in" / "z.wav", os.fsencode(tmp_path / "in") + b"/caf\xe9.wav")
    assert run(folder, tmp_path / "in", "--out", tmp_path / "found.tsv") == 2
    assert "caf\\udce9.wav: cannot be read, since its name is not UTF-8; rename it" in capsys.readouterr().err
    assert "z.wav" in (tmp_path / "found.tsv").read_text()


def test_nothing_is_left_lying_where_it_is_terminated(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "0.wav", noise(60.0), RATE)
    for i in range(1, 200):
        shutil.copy(tmp_path / "in" / "0.wav", tmp_path / "in" / f"{i}.wav")
    (tmp_path / "out").mkdir()
    line = [sys.executable, "-m", "search.cli.main", "detect", folder, tmp_path / "in", "--out", tmp_path / "out/a.tsv"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        while not list((tmp_path / "out").iterdir()) and process.poll() is None:
            time.sleep(0.02)
        process.terminate()
        assert process.communicate(timeout=60)[1].startswith("interrupted; ")
    # `python -m` ends itself by SIGINT, 130 to a shell as well, where the interrupt came while a text was executed, as
    # dataclasses do when they are imported.
    assert process.returncode in (130, -signal.SIGINT)
    assert list((tmp_path / "out").iterdir()) == []


def test_command_without_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        run(tmp_path / "nowhere", "a.wav")


def test_clips_a_parquet_table_and_other_thresholds(folder: Path, tmp_path: Path, capsys) -> None:
    import pandas

    from search.cli.main import main

    for name in ("20240131_054500.wav", "b.wav"):
        soundfile.write(tmp_path / name, noise(20.0, seed=len(name)), RATE)
    files = [str(tmp_path / name) for name in ("20240131_054500.wav", "b.wav")]
    assert main(["detect", str(folder), *files]) == 0
    table = capsys.readouterr().out.splitlines()
    words = ["--format", "parquet", "--out", str(tmp_path / "found.parquet"), "--clips", str(tmp_path / "clips")]
    assert main(["detect", str(folder), *files, *words, "--clips-per-class", "3"]) == 0
    assert f"6 clips of {len(table) - 1} detections" in capsys.readouterr().err
    frame = pandas.read_parquet(tmp_path / "found.parquet")
    assert list(frame.columns) == table[0].split("\t")
    rows = ["\t".join([r[0], f"{r[1]:.3f}", f"{r[2]:.3f}", r[3], f"{r[4]:.3f}", r[5] or "", r[6] or ""])
            for r in frame.itertuples(index=False)]  # fmt: skip
    assert rows == table[1:]
    assert [len(list((tmp_path / "clips" / label).iterdir())) for label in LABELS] == [3, 3]
    assert main(["detect", str(folder), *files, "--threshold", "Bark=1"]) == 0
    none = capsys.readouterr().out.splitlines()
    assert none[1:] == [row for row in table[1:] if "\train\t" in row]


def test_parquet_per_file_and_of_nothing(folder: Path, tmp_path: Path) -> None:
    import pandas

    from search.cli.main import main

    soundfile.write(tmp_path / "a.wav", noise(2.0), RATE)
    words = ["--threshold", "bark=1", "--threshold", "rain=1", "--format", "parquet", "--per-file"]
    assert main(["detect", str(folder), str(tmp_path / "a.wav"), *words, "--out", str(tmp_path / "tables")]) == 0
    frame = pandas.read_parquet(tmp_path / "tables" / "a.parquet")
    assert len(frame) == 0
    assert list(frame.columns) == HEADER.split("\t")
    assert frame["onset"].dtype == float


@pytest.mark.parametrize(
    ("name", "asked", "form"),
    [
        ("found.CSV", None, "csv"), ("found.txt", None, "tsv"), ("found.txt", "json", "json"), ("found", "csv", "csv"),
        ("found.tsv", "raven", "raven"), ("/dev/stdout", None, "tsv"), ("found.json", "json", "json"),
        ("found.tsv", "audacity", "audacity"), ("found.csv", "tsv", None), ("found.tsv", "csv", None),
        ("found.csv", "raven", None), ("found.json", "tsv", None), ("found.csv", "json", None),
        ("found.tsv", "parquet", None), ("found.xlsx", "csv", None), ("found.jsonl", "json", None),
        ("a.wav", None, None), ("found.parquet", "csv", None),
    ],
)  # fmt: skip
def test_what_a_table_is_called(name: str, asked: str | None, form: str | None) -> None:
    if form is None:
        with pytest.raises(
            UserError, match=f"--out {name}: ends in .*, but {asked or 'tsv'} is written; end it in .tsv"
        ):
            format_for(Path(name), asked)
    else:
        assert format_for(Path(name), asked) == form


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--format", "parquet"], "--format parquet: is no text; add --out FILE"),
        (["--threshold", "owl=0.5"], "--threshold owl: the student hears bark, rain"),
        (["--clips-per-class", "3"], "--clips-per-class: writes nothing without --clips DIR"),
        (
            ["--out", "found.xlsx"],
            "--out found.xlsx: ends in .xlsx, but tsv is written; end it in .tsv, .csv, .json, .parquet or .txt, or "
            "name another --format",
        ),
    ],
)
def test_options_that_cannot_be_are_one_line(folder: Path, tmp_path: Path, words, line, capsys) -> None:
    from search.cli.main import main

    soundfile.write(tmp_path / "a.wav", noise(1.0), RATE)
    assert main(["detect", str(folder), str(tmp_path / "a.wav"), *words]) == 2
    assert capsys.readouterr().err == f"error: {line}\n"

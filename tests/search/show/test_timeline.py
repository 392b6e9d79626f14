"""The picture of a recording: that all of it is drawn, and what a person may get wrong."""

import numpy as np
import pytest
import soundfile
from exported import RATE, moving_student, noise, write_export
from matplotlib.image import imread

from search.cli.main import main
from search.show.timeline import HEARD, TRUE, Timeline
from sedkd.data.events import Event
from sedkd.export.reading import read_bundle
from sedkd.models.settings import StudentSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An export, a recording of 20 s and its labels."""
    folder = tmp_path_factory.mktemp("timeline")
    write_export(moving_student(), folder)
    soundfile.write(folder / "a $1$.wav", noise(20.0, seed=4), RATE)
    (folder / "truth.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na $1$.wav\t2\t9\tRain\na $1$.wav\t3\t5\towl_$x$\n"
    )
    return folder


def drawn(folder, *words):
    out = folder / "out.png"
    out.unlink(missing_ok=True)
    assert main(["plot", str(folder / "a $1$.wav"), "--bundle", str(folder / "export"), "--out", str(out), *words]) == 0
    return imread(out)[:, :, :3]


def count(picture, colour):
    """Pixels of a colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(picture - wanted).max(axis=2) < 0.01).sum())


def test_truth_and_detections_are_drawn(folder):
    with_truth = drawn(folder, "--labels", str(folder / "truth.tsv"))
    without = drawn(folder)
    assert count(with_truth, TRUE) > 1000
    assert count(without, TRUE) == 0
    assert min(count(picture, HEARD) for picture in (with_truth, without)) > 1000
    later = drawn(folder, "--labels", str(folder / "truth.tsv"), "--start", "10", "--seconds", "5")
    assert 0 < count(later, TRUE) < 0.3 * count(with_truth, TRUE)  # the legend


def test_less_than_a_frame_is_drawn_as_one(folder, tmp_path):
    slow = write_export(moving_student(StudentSettings(4, 2, hop=40)), tmp_path)
    for words in (["--seconds", "0.01"], ["--seconds", "0.01", "--bundle", str(slow)]):
        assert drawn(folder, *words).size


def test_a_label_track_of_the_recording_will_do(folder):
    (folder / "a.txt").write_text("2.000000\t9.000000\tRain\n\\\t100\t200\n3.000000\t5.000000\towl_$x$\n")
    table, track = (drawn(folder, "--labels", str(folder / name)) for name in ("truth.tsv", "a.txt"))
    assert (table == track).all()
    (folder / "other.csv").write_text("file;start;end;kind;who\na $1$;2,0;9,0;Rain;me\na $1$;3,0;5,0;owl_$x$;you\n")
    assert (table == drawn(folder, "--labels", str(folder / "other.csv"), "--label-column", "kind")).all()
    (folder / "nothing.txt").write_text("")  # nothing happens
    assert 0 < count(drawn(folder, "--labels", str(folder / "nothing.txt")), TRUE) < 0.3 * count(track, TRUE)


def test_labels_are_the_students_and_what_else_is_true(folder):
    truth = [Event(3, 5, "owl"), Event(2, 9, "rain")]
    found = Timeline(read_bundle(folder / "export"), folder / "a $1$.wav", 0, 20, truth)
    assert found.labels == ["bark", "rain", "owl"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--out", "x.jpg"], "--out x.jpg: the name must end in .png"),
        (["--out", "x.png", "--start", "30"], "lasts 20.0 s"),
        (["--out", "x.png", "--labels", "other.tsv"], "which the ground truth does not list"),
        (["--out", "/proc/x.png"], "/proc/x.png: cannot be written"),
    ],
)
def test_a_mistake_is_one_line(folder, words, line, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (folder / "other.tsv").write_text("filename\tonset\toffset\tevent_label\nb.wav\t2\t9\train\n")
    assert main(["plot", "a $1$.wav", "--bundle", "export", *words]) == 2
    errors = capsys.readouterr().err
    assert line in errors
    assert errors.count("\n") == 1


def test_labels_of_another_folders_recording_are_told(folder, capsys):
    table = folder / "elsewhere.tsv"
    table.write_text("filename\tonset\toffset\tevent_label\nelsewhere/a $1$.wav\t2\t9\tRain\n")
    drawn(folder, "--labels", str(table))
    assert f"{table}: 1 files are matched by name, though their folders differ" in capsys.readouterr().err

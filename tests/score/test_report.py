import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from search.cli.score import add_parser
from sedkd.data.events import Annotations, Event, write_annotations
from sedkd.errors import UserError
from sedkd.score.report import score_files, threshold_of

TRUTH: Annotations = {"a.wav": [Event(0, 2, "car"), Event(5, 6, "dog")], "quiet.wav": []}
FOUND: Annotations = {"a.wav": [Event(0, 2, "car"), Event(5, 6, "dgo")]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_annotations(tmp_path / "truth.tsv", TRUTH)
    write_annotations(tmp_path / "found.tsv", FOUND)
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t1800\nquiet.wav\t1800\n")
    for threshold in ("0.25", "0.5"):
        write_annotations(tmp_path / "points" / f"run2_th_{threshold}.tsv", FOUND)
    return tmp_path


def command(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["score", *map(str, arguments)])
    return args.run(args)


def test_other_spellings_of_a_label_are_that_label(folder: Path) -> None:
    write_annotations(
        folder / "truth.tsv", {"a.wav": [Event(0, 2, "Car"), Event(5, 6, "dog_bark"), Event(7, 8, "Car")]}
    )
    write_annotations(
        folder / "found.tsv", {"a.wav": [Event(0, 2, "car"), Event(5, 6, "Dog  bark"), Event(7, 8, "CAR")]}
    )
    write_annotations(folder / "points" / "0.25.tsv", {"a.wav": [Event(0, 2, "cAr")]})
    (folder / "points" / "run2_th_0.25.tsv").unlink()
    report = score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))
    assert report.segment.per_class == report.event.per_class == {"Car": 1.0, "dog_bark": 1.0}
    notes = [f"the label {label!r} is read as 'Car'" for label in ("CAR", "cAr", "car")]
    assert set(notes) <= set(report.notes)


def test_an_event_that_stands_there_in_two_spellings_is_one(folder: Path) -> None:
    write_annotations(folder / "truth.tsv", {"a.wav": [Event(0, 2, "car"), Event(0, 2, "Car"), Event(4, 5, "car")]})
    write_annotations(folder / "found.tsv", {"a.wav": [Event(0, 2, "car"), Event(4, 5, "CAR"), Event(4, 5, "car")]})
    report = score_files(folder / "truth.tsv", folder / "found.tsv")
    assert (report.reference_events, report.detected_events, report.event.micro) == (2, 2, 1.0)
    assert "2 events repeat another whose label is spelt otherwise, and are dropped" in report.notes


def test_times_in_two_units_are_asked_about(folder: Path) -> None:
    milliseconds = {"a.wav": [Event(1000, 2000, "car"), Event(5000, 6000, "dog")]}
    write_annotations(folder / "ms.tsv", {**milliseconds, "quiet.wav": []})
    asked = "begins after the last of the {} in its file: are both in seconds, and of these files?"
    late, early = (
        score_files(folder / one, folder / two).notes for one, two in (("truth.tsv", "ms.tsv"), ("ms.tsv", "truth.tsv"))
    )
    assert "every detection " + asked.format("reference") in late
    assert "every reference event " + asked.format("detections") in early
    write_annotations(folder / "found.tsv", {"a.wav": [Event(1, 2, "car"), Event(7, 8, "dog")]})
    assert not any("in seconds" in note for note in score_files(folder / "truth.tsv", folder / "found.tsv").notes)


@pytest.mark.parametrize(("scale", "asked"), [(15.625, "16 times as late"), (0.0625, "16 times as early"), (3, "")])
def test_times_from_0_in_another_unit_are_asked_about(folder: Path, scale: float, asked: str) -> None:
    seconds = {f"{i}.wav": [Event(0, 8 + i / 10, "car"), Event(5, 6, "dog")] for i in range(3)}
    write_annotations(folder / "truth.tsv", seconds)
    others = {n: [Event(scale * e.onset, scale * e.offset, e.event_label) for e in es] for n, es in seconds.items()}
    write_annotations(folder / "found.tsv", others)
    notes = score_files(folder / "truth.tsv", folder / "found.tsv").notes
    told = [note for note in notes if "in seconds" in note]
    assert [note.partition(" as the")[0] for note in told] == ([f"detections end {asked}"] if asked else [])


def test_a_table_of_scores_is_no_table_of_detections(folder: Path) -> None:
    rows = [Event(i, i + 1, label) for i in range(4) for label in ("car", "cat", "dog")]
    for count, told in ((12, True), (11, False)):
        write_annotations(folder / "found.tsv", {"a.wav": rows[:count]})
        notes = score_files(folder / "truth.tsv", folder / "found.tsv").notes
        assert any("a row for each of 3 labels at each of 4 spans, as scores have" in note for note in notes) == told


def test_report_with_everything(folder: Path) -> None:
    report = score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))
    assert (report.files, report.reference_events, report.detected_events) == (2, 2, 2)
    assert report.segment.macro == 0.5
    assert report.segment.micro == pytest.approx(2 * 2 / (3 + 3))
    assert report.event.per_class == {"car": 1.0, "dgo": None, "dog": 0.0}
    assert report.operating_points == 2
    assert report.psds is not None
    assert report.psds.class_area1 == {"car": 1.0, "dog": 0.0}
    assert report.psds.psds1 == 0.0
    assert len(report.notes) == 2
    assert "'dgo' is detected 1 x and never occurs" in report.notes[0]
    assert "'dgo' is detected 2 x" in report.notes[1]
    text = report.as_text()
    assert "PSDS1 0.00000   PSDS2 0.00000   (2 operating points)" in text
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert rows["car"] == ["1", "100.00", "100.00", "100.00", "100.00", "100.00", "100.00", "0.0"]
    assert rows["dgo"] == ["0", "-", "0.00", "-", "-", "0.00", "-", "1.0"]  # in an hour of recordings
    assert rows["macro"] == ["2", "50.00", "50.00"]
    assert rows["micro"] == ["2", "66.67", "50.00", "1.0"]
    scored = [line for line in text.splitlines() if line.startswith(("car", "dgo", "dog"))]
    assert len({len(line) for line in scored}) == 1


def test_without_durations_the_report_says_so(folder: Path) -> None:
    report = score_files(folder / "truth.tsv", folder / "found.tsv")
    assert report.psds is None
    assert "no durations were given" in report.notes[0]
    assert "note: no durations were given" in report.as_text()
    assert report.alarms is None
    with_durations = score_files(folder / "truth.tsv", folder / "found.tsv", folder / "durations.tsv")
    assert not any("durations" in note for note in with_durations.notes)
    assert with_durations.segment == report.segment


def test_command_prints_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = ("--durations", folder / "durations.tsv", "--operating-points", folder / "points")
    assert command(folder / "truth.tsv", folder / "found.tsv", "--format", "json", *points) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["event"]["per_class"] == {"car": 1.0, "dgo": None, "dog": 0.0}
    assert printed["segment"]["support"] == {"car": 1, "dgo": 0, "dog": 1}
    assert printed["psds"]["psds1"] == 0.0
    assert len(printed["notes"]) == 2
    assert printed["alarms"] == {"total": 1.0, "per_class": {"car": 0.0, "dgo": 1.0, "dog": 0.0}, "hours": 1.0}


def test_command_prints_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(folder / "truth.tsv", folder / "found.tsv") == 0
    assert capsys.readouterr().out.startswith("2 files, 2 reference events, 2 detections\n")


def test_command_module_is_light() -> None:
    code = "import sys, search.cli.score; print([m for m in ('numpy', 'sedkd.score') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_what_does_not_fit_together(folder: Path) -> None:
    truth, found, durations = folder / "truth.tsv", folder / "found.tsv", folder / "durations.tsv"
    with pytest.raises(UserError, match="--durations FILE"):
        score_files(truth, found, None, folder / "points")
    with pytest.raises(UserError, match="no such folder"):
        score_files(truth, found, durations, folder / "nowhere")
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=r"holds no \.tsv"):
        score_files(truth, found, durations, empty)
    write_annotations(empty / "detections.tsv", FOUND)
    with pytest.raises(UserError, match=r"detections\.tsv: no threshold in the name"):
        score_files(truth, found, durations, empty)
    (folder / "points" / "again_0.50.tsv").write_bytes(found.read_bytes())
    with pytest.raises(UserError, match=r"same threshold as again_0\.50\.tsv"):
        score_files(truth, found, durations, folder / "points")

    write_annotations(found, {"sub/b.wav": []})
    with pytest.raises(UserError, match=r"found\.tsv names 'sub/b\.wav'"):
        score_files(truth, found, durations)
    with pytest.raises(UserError, match=r"found\.tsv, line 1: no column duration"):
        score_files(truth, truth, found)
    durations.write_text("filename\tduration\na.wav\t1800\n")
    with pytest.raises(UserError, match=r"durations\.tsv: has no row for 'quiet\.wav'"):
        score_files(truth, truth, durations)
    write_annotations(truth, {})
    with pytest.raises(UserError, match=r"truth\.tsv: lists no file"):
        score_files(truth, truth)


def test_detections_in_an_unknown_file_name_the_operating_point(folder: Path) -> None:
    write_annotations(folder / "points" / "run2_th_0.75.tsv", {"z.wav": []})
    with pytest.raises(UserError, match=r"run2_th_0\.75\.tsv names 'z\.wav'"):
        score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))


@pytest.mark.parametrize("found", [{}, {"a.wav": [Event(0, 2, "car")]}])
def test_a_truth_of_negatives_only(folder: Path, found: Annotations) -> None:
    write_annotations(folder / "truth.tsv", {"a.wav": [], "quiet.wav": []})
    write_annotations(folder / "found.tsv", found)
    report = score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))
    assert report.segment.macro is report.event.macro is None
    assert report.segment.micro == (0.0 if found else None)
    text = report.as_text()
    assert "PSDS1 -   PSDS2 -   (2 operating points)" in text
    assert "note: the ground truth holds no event: what cannot be computed is '-'" in text
    assert "0.00" not in next(line for line in text.splitlines() if line.startswith("macro"))
    assert json.loads(json.dumps(report.as_dict()))["psds"]["psds1"] is None


def test_tables_that_name_files_by_other_paths(folder: Path) -> None:
    plain = score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))
    for path in (folder / "found.tsv", folder / "durations.tsv", *(folder / "points").iterdir()):
        path.write_text(path.read_text().replace("a.wav", "some/where/a.wav"))
    with (folder / "durations.tsv").open("a") as table:
        table.write("elsewhere/b.wav\t3\nanywhere/b.wav\t4\n")  # no file of the truth
    report = score_files(*(folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")))
    assert report == plain


def test_detections_come_through_a_pipe(folder: Path) -> None:
    (folder / "found.tsv").write_text((folder / "found.tsv").read_text().replace("a.wav", "some/where/a.wav"))
    words = ["-m", "search.cli.main", "score", str(folder / "truth.tsv"), "-"]
    (folder / "found.csv").write_text((folder / "found.tsv").read_text().replace("\t", ","))
    for name in ("found.tsv", "found.csv"):
        with (folder / name).open() as stream:
            piped = subprocess.Popen(["cat"], stdin=stream, stdout=subprocess.PIPE)
            out = subprocess.run(
                [sys.executable, *words], stdin=piped.stdout, capture_output=True, text=True, check=True
            )
            piped.wait()
        assert "2 files, 2 reference events, 2 detections" in out.stdout


def test_times_behind_the_end_of_a_file_are_told(folder: Path) -> None:
    truth, found, durations = folder / "truth.tsv", folder / "found.tsv", folder / "durations.tsv"
    durations.write_text("filename\tduration\na.wav\t4\nquiet.wav\t4\n")
    write_annotations(truth, {"a.wav": [Event(1, 4.4, "car")], "quiet.wav": []})  # rounded, no more
    write_annotations(found, {"a.wav": [Event(1000, 4000, "car"), Event(1, 3, "car")]})
    assert [note for note in score_files(truth, found, durations).notes if "end after" in note] == [
        "1 of 2 detections end after their file does (a.wav: 4000 s of 4 s): are the times seconds, and the durations "
        "those of these files?"
    ]


@pytest.mark.parametrize(("scale", "told"), [(1000, True), (1, False)])
def test_durations_in_another_unit_are_asked_about(folder: Path, scale: int, told: bool) -> None:
    truth = {f"{name}.wav": [Event(1, 8, "car")] for name in "abc"}
    write_annotations(folder / "truth.tsv", {**truth, "quiet.wav": []})
    rows = "".join(f"{name}\t{10 * scale}\n" for name in (*truth, "quiet.wav"))
    (folder / "durations.tsv").write_text(f"filename\tduration\n{rows}")
    notes = score_files(folder / "truth.tsv", folder / "found.tsv", folder / "durations.tsv").notes
    asked = "in each of 3 files all events lie in the first hundredth, such as a.wav (8 s of 10000 s): are the"
    assert any(note.startswith(asked) for note in notes) == told


@pytest.mark.parametrize(
    ("stem", "threshold"),
    [
        ("0.5", 0.5),
        ("run2_th_0.25", 0.25),
        ("detections-0.25", 0.25),
        ("run2-3", 3.0),
        ("logit_-1.5", -1.5),
        ("det_.05", 0.05),
        ("det_-.5", -0.5),
        ("run.10", 10.0),
        ("-2", -2.0),
        ("th_1e-03", 0.001),
        ("th5E2", 500.0),
    ],
)
def test_the_threshold_is_the_last_number_of_a_name(folder: Path, stem: str, threshold: float) -> None:
    points = folder / "one"
    points.mkdir()
    (points / f"{stem}.tsv").write_bytes((folder / "found.tsv").read_bytes())
    assert threshold_of(points / f"{stem}.tsv") == threshold
    (points / f"z_{threshold!r}.tsv").write_bytes((folder / "found.tsv").read_bytes())
    with pytest.raises(UserError, match="has the same threshold"):
        score_files(folder / "truth.tsv", folder / "found.tsv", folder / "durations.tsv", points)


@pytest.mark.parametrize("stem", ["det-2024-11-30", "20241130", "run_2024_11_30_final", "det.2024.11.30"])
def test_a_date_is_no_threshold(folder: Path, stem: str) -> None:
    with pytest.raises(UserError, match="the last number in the name is of a date, no threshold: write the threshold"):
        threshold_of(folder / f"{stem}.tsv")
    assert threshold_of(folder / f"{stem}_0.5.tsv") == 0.5


def test_what_is_told_of_the_tables_of_operating_points(folder: Path) -> None:
    """Once for all of them, not that they tell confidences."""
    names = ("truth.tsv", "found.tsv", "durations.tsv", "points")
    points = sorted(path.name for path in (folder / "points").iterdir())
    for name in points:
        lines = (folder / "points" / name).read_text().splitlines()
        more = ["confidence", *(f"0.{i + 1}" for i in range(len(lines) - 1))]
        (folder / "points" / name).write_text("".join(f"{a}\t{b}\n" for a, b in zip(lines, more, strict=True)))
    notes = score_files(*[folder / name for name in names], (None, "species")).notes
    told = f"operating points: no column 'species', labels from 'event_label', in 2 of 2 tables, such as {points[0]}"
    assert [note for note in notes if "such as run2" in note] == [told]
    assert not any("confidences" in note for note in notes)


def test_operating_points_may_be_csv(folder: Path) -> None:
    paths = [folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")]
    before = score_files(*paths)
    for path in (folder / "points").iterdir():
        lines = path.read_text().replace("\t", ",")
        path.unlink()
        path.with_suffix(".csv").write_text(lines)
    assert score_files(*paths) == before


def test_what_is_told_of_operating_points(folder: Path) -> None:
    paths = [folder / name for name in ("truth.tsv", "found.tsv", "durations.tsv", "points")]
    before = score_files(*paths)
    (folder / "points" / "._run2_th_0.25.tsv").write_bytes(b"\0\5\x16\7")  # as macOS leaves them on other disks
    first = folder / "points" / "run2_th_0.25.tsv"
    first.rename(first.with_suffix(".TSV"))
    assert score_files(*paths) == before
    (folder / "points" / "run2_th_0.75.txt").write_text("")
    write_annotations(folder / "points" / "th_0.9.tsv", {"a.wav": [Event(0, 2000e3, "car")]})
    told = set(score_files(*paths).notes) - set(before.notes)
    assert "operating points: left out what is no .tsv or .csv: run2_th_0.75.txt" in told
    assert any(note.startswith("operating point 0.9: 1 of 1 detections end after their file does") for note in told)


def test_references_that_touch_are_counted_as_they_stand_and_it_is_said(tmp_path: Path) -> None:
    """A search reads them as one event: its card and this report would differ without a word."""
    rows = {"truth": "a.wav\t0\t1\tdog\na.wav\t1\t2\tdog\na.wav\t1\t2\tcat\n", "found": "a.wav\t0\t2\tdog\n"}
    for name, text in rows.items():
        (tmp_path / f"{name}.tsv").write_text(f"filename\tonset\toffset\tevent_label\n{text}")
    report = score_files(tmp_path / "truth.tsv", tmp_path / "found.tsv")
    assert report.event.support["dog"] == 2
    assert any(
        note.startswith("one reference event touches or overlaps another of the same label") for note in report.notes
    )


def test_detections_of_a_system_that_answers_in_windows_are_said(tmp_path: Path) -> None:
    rows = {"truth": "a.wav\t0\t3\tdog\n", "found": "a.wav\t0\t1\tdog\na.wav\t1\t2\tdog\na.wav\t2\t3\tdog\n"}
    for name, text in rows.items():
        (tmp_path / f"{name}.tsv").write_text(f"filename\tonset\toffset\tevent_label\n{text}")
    (told,) = (n for n in score_files(tmp_path / "truth.tsv", tmp_path / "found.tsv").notes if "touch" in n)
    assert told.startswith("2 detections touch or overlap another of the same label: counted as they stand")
    assert "join those of a system that answers window by window" in told


def test_a_file_that_the_truth_calls_by_two_names(folder: Path) -> None:
    write_annotations(folder / "truth.tsv", {"n/a.wav": [Event(0, 1, "car")], "n/a": [Event(0, 1, "car")]})
    write_annotations(folder / "found.tsv", {"n/a.wav": [Event(0, 1, "car")]})
    told = "the ground truth lists 'n/a.wav' and 'n/a', and counts both: if they are one file, call it by one name"
    assert told in score_files(folder / "truth.tsv", folder / "found.tsv").notes
    write_annotations(folder / "truth.tsv", {"n/a.wav": [Event(0, 1, "car")], "m/a.wav": [Event(0, 1, "car")]})
    assert not [n for n in score_files(folder / "truth.tsv", folder / "found.tsv").notes if "counts both" in n]

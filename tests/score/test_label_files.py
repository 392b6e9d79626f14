"""Truth and detections as other programs, and ours, write them: scored as the same events in a table are."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import labels

from sedkd.data.events import COLUMNS, Annotations, Event, read_annotations, write_annotations
from sedkd.data.labels.json_list import read_json_list
from sedkd.data.labels.listed import listed
from sedkd.errors import SedkdWarning, UserError
from sedkd.output.formats import OUTPUT_FORMATS, Heard
from sedkd.score.report import ScoreReport, score_files
from sedkd.stream.detection import Detection

ROWS = [(f"{name}.wav", row) for name, rows in labels.ROWS.items() for row in rows]
EVENTS: Annotations = {f"{name}.wav": sorted(Event(*row) for row in rows) for name, rows in labels.ROWS.items()}
OF_ALL = [
    (labels.kaleidoscope, "cluster.csv"),
    (labels.birdnet, "BirdNET_CombinedTable.csv"),
    (labels.excel, "Labels.csv"),
    (labels.raven_of_several, "day.selections.txt"),
]
PER_RECORDING = [(labels.audacity, ".txt"), (labels.raven, ".Table.1.selections.txt"), (labels.elan, ".eaf")]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    write_annotations(tmp_path / "truth.tsv", EVENTS)
    return tmp_path / "truth.tsv"


def right(report: ScoreReport) -> bool:
    """Whether every event was found, and nothing else."""
    return report.event.micro == 1.0 and report.detected_events == report.reference_events > 0


@pytest.mark.parametrize(("write", "name"), OF_ALL)
def test_a_table_of_another_program(write: Callable, name: str, truth: Path) -> None:
    write(truth.parent / name, labels.ROWS)
    assert right(score_files(truth, truth.parent / name))
    # As the truth it lists no recording without events.
    write_annotations(truth.parent / "heard.tsv", {name: events for name, events in EVENTS.items() if events})
    report = score_files(truth.parent / name, truth.parent / "heard.tsv")
    assert right(report)
    assert f"{truth.parent / name}: read as " in report.notes[0]


@pytest.mark.parametrize(("write", "suffix"), PER_RECORDING)
def test_a_folder_with_a_file_per_recording(write: Callable, suffix: str, truth: Path) -> None:
    folder = truth.parent / "labels"
    (folder / "north").mkdir(parents=True)
    for name, rows in labels.ROWS.items():
        write(folder / "north" / f"{name}{suffix}", rows)
    assert right(score_files(truth, folder))
    assert right(score_files(folder, truth))
    assert right(score_files(folder, folder))


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_what_detect_writes(name: str, truth: Path) -> None:
    form, folder = OUTPUT_FORMATS[name], truth.parent / "heard"
    folder.mkdir()
    for recording, events in EVENTS.items():
        output = form.make(False, 8000.0)
        heard = Heard(f"elsewhere/{recording}", 30.0, None, [Detection(event, 0.5) for event in events])
        text = output.begin() + output.text(heard) + output.end()
        (folder / f"{Path(recording).stem}{form.suffix}").write_text(text)
    assert right(score_files(truth, folder))


def test_a_recording_without_labels_is_an_empty_file(tmp_path: Path) -> None:
    labels.audacity(tmp_path / "labels" / "a.txt", [(0.0, 1.0, "dog")])
    (tmp_path / "labels" / "b.txt").write_text("")
    assert listed(tmp_path / "labels").annotations == {"a": [Event(0.0, 1.0, "dog")], "b": []}


def test_two_label_files_of_one_recording_each(tmp_path: Path) -> None:
    """However they are called: there is nothing else that they could be of."""
    for name in ("mine.txt", "theirs.txt"):
        labels.audacity(tmp_path / name, [(0.0, 1.0, "dog")])
    report = score_files(tmp_path / "mine.txt", tmp_path / "theirs.txt")
    assert right(report)
    assert f"{tmp_path / 'theirs.txt'}: read as Audacity label track, of mine" in report.notes


def test_json_that_is_no_list_of_detections(truth: Path) -> None:
    heard = truth.parent / "heard.json"
    for text, said in (
        ('{"yard1.wav": [[0, 1, "crow"]]}', "heard.json: expected a list of objects with filename onset offset"),
        ('[{"filename": "yard1.wav", "onset": 0}]', "heard.json, entry 1: no offset, event_label: expected"),
        ("[\n[1", "heard.json, line 2: not JSON"),
        (
            '[{"filename": "yard1.wav", "onset": 2, "offset": 1, "event_label": "crow"}]',
            "entry 1: offset 1 lies before",
        ),
    ):
        heard.write_text(text)
        with pytest.raises(UserError, match=said):
            score_files(truth, heard)
    row = '{"filename": "yard1.wav", "onset": 0.25, "offset": 0.9, "event_label": "crow"}'
    heard.write_text(f"[{row},\n{row}]")
    with pytest.warns(SedkdWarning, match="1 of 2 entries have no length or repeat another"):
        assert score_files(truth, heard).detected_events == 1


def test_blanks_about_a_label_are_none_of_it(truth: Path) -> None:
    heard = truth.parent / "heard.json"
    rows = [{"filename": " yard1.wav", "onset": 0, "offset": 1, "event_label": "crow "}]
    heard.write_text(json.dumps(rows))
    assert read_json_list(heard) == {"yard1.wav": [Event(0.0, 1.0, "crow")]}


def test_json_without_values(truth: Path) -> None:
    heard = truth.parent / "heard.json"
    nothing = '{"filename": "yard2.wav", "onset": null, "offset": null, "event_label": null}'
    heard.write_text(f'[{nothing}, {{"filename": "yard1.wav", "onset": 0, "offset": 1, "event_label": null}}]')
    with pytest.raises(UserError, match="entry 2: the label is empty"):
        score_files(truth, heard)
    heard.write_text('[{"filename": null, "onset": 0, "offset": 1, "event_label": "crow"}]')
    with pytest.raises(UserError, match="entry 1: the filename is empty"):
        score_files(truth, heard)
    heard.write_text(f"[{nothing}]")
    assert listed(heard).annotations == {"yard2.wav": []}


def test_a_table_of_a_detector_that_found_nothing(truth: Path) -> None:
    """As BirdNET writes it: a header alone."""
    (truth.parent / "heard").mkdir()
    head = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
    (truth.parent / "heard" / "BirdNET_CombinedTable.csv").write_text(head)
    for path in (truth.parent / "heard", truth.parent / "heard" / "BirdNET_CombinedTable.csv"):
        report = score_files(truth, path)
        assert (report.detected_events, report.event.micro) == (0, 0.0)


def test_what_is_no_table_is_told_by_what_it_lacks(truth: Path) -> None:
    heard = truth.parent / "heard.csv"
    for text, said in (
        ("yard1.wav,0.25,0.9,crow,0.8\n", "of the number behind the label nobody says what it means"),
        ("file,start_frame,end_frame,label\nyard1.wav,1,2,crow\n", "which columns say when a label begins and ends"),
        ("", "heard.csv: the file is empty"),
    ):
        heard.write_text(text)
        with pytest.raises(UserError, match=said):
            score_files(truth, heard)


def test_what_programs_add_to_a_name(tmp_path: Path) -> None:
    write_annotations(tmp_path / "truth.tsv", {"a.wav": [Event(0, 1, "dog")], "b_events.wav": [Event(0, 1, "dog")]})
    labels.audacity(tmp_path / "heard" / "a-labels.txt", [(0.0, 1.0, "dog")])
    labels.audacity(tmp_path / "heard" / "b_events.txt", [(0.0, 1.0, "dog")])
    assert right(score_files(tmp_path / "truth.tsv", tmp_path / "heard"))


def test_a_spreadsheet_of_another_country(tmp_path: Path, truth: Path) -> None:
    rows = [f"{name};{e.onset!s};{e.offset!s};{e.event_label}" for name, found in EVENTS.items() for e in found]
    text = "\n".join(["filename;onset;offset;event_label", *rows]).replace(".", ",").replace(",wav", ".wav")
    (tmp_path / "heard.csv").write_text(text)
    assert right(score_files(truth, tmp_path / "heard.csv"))


def test_the_column_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("file,start,end,kind,who\na.wav,0,1,dog,me\n")
    (tmp_path / "heard.csv").write_text("file,start,end,label,second\na.wav,0,1,cat,dog\n")
    with pytest.raises(UserError, match="say --label-column, one of: kind, who"):
        score_files(tmp_path / "truth.csv", tmp_path / "heard.csv")
    assert right(score_files(tmp_path / "truth.csv", tmp_path / "heard.csv", label_columns=("kind", "second")))


def test_the_column_that_is_asked_for_in_a_table_of_ours(tmp_path: Path) -> None:
    (tmp_path / "truth.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t0\t1\tdog\n")
    (tmp_path / "heard.csv").write_text("filename,onset,offset,event_label,Species\na.wav,0,1,animal,dog\n")
    report = score_files(tmp_path / "truth.tsv", tmp_path / "heard.csv", label_columns=("species", "species"))
    assert right(report)
    assert f"{tmp_path / 'truth.tsv'}: no column 'species', labels from 'event_label'" in report.notes
    assert not right(score_files(tmp_path / "truth.tsv", tmp_path / "heard.csv"))


def test_two_files_of_one_recording_and_no_label_file(tmp_path: Path, truth: Path) -> None:
    for name in ("a.txt", "a.labels.txt"):
        labels.audacity(tmp_path / "heard" / name, [(0.0, 1.0, "dog")])
    with pytest.raises(UserError, match=r"a\.txt: speaks of 'a', as a\.labels\.txt does"):
        score_files(truth, tmp_path / "heard")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.txt").write_text("Nothing to see.\n")
    (tmp_path / "notes" / "recorder.json").write_text('{"gain": 2}')
    with pytest.warns(SedkdWarning, match="README"), pytest.raises(UserError, match="holds no label file"):
        score_files(truth, tmp_path / "notes")


def test_real_files_of_audacity_and_raven(shared: Path) -> None:
    """Of snippets: the table holds what lies within them."""
    original, table = shared / "data/label_formats/original", read_annotations(shared / "data/label_formats/labels.tsv")
    tracks = listed(original / "spinetail.audacity_spectral.txt").annotations["spinetail.audacity_spectral"]
    assert sorted(e.event_label for e in tracks) == sorted(e.event_label for e in table["spinetail.ogg"])
    (selections,) = listed(original / "Recording_1_Segment_07.Table.1.selections.txt").annotations.values()
    assert len(selections) == 279


def test_an_empty_file_that_is_called_like_no_recording(truth: Path) -> None:
    (truth.parent / "found.txt").write_text("")
    with pytest.raises(
        UserError, match=r"found.txt: is empty, and called like none of the recordings: a table without"
    ):
        score_files(truth, truth.parent / "found.txt")
    name = next(iter(EVENTS)).removesuffix(".wav")
    (truth.parent / f"{name}.txt").write_text("")
    assert score_files(truth, truth.parent / f"{name}.txt").detected_events == 0
    write_annotations(truth, {f"north/{file}": events for file, events in EVENTS.items()})
    assert score_files(truth, truth.parent / f"{name}.txt").detected_events == 0


def test_parquet_as_pandas_and_detect_write_it(truth: Path, recwarn: pytest.WarningsRecorder) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    rows = [(name, e.onset, e.offset, e.event_label) for name, events in EVENTS.items() for e in events]
    frame = pandas.DataFrame(rows, columns=["filename", "onset", "offset", "event_label"])
    for change in (
        lambda table: table,
        lambda table: table.astype({"onset": "float32", "offset": "float32", "event_label": "category"}),
        lambda table: table.set_index("filename"),
        lambda table: table.rename(columns={"onset": "Begin Time (s)", "offset": "End Time (s)"}),
    ):
        change(frame).to_parquet(truth.parent / "heard.parquet")
        found = listed(truth.parent / "heard.parquet", known=list(EVENTS)).annotations
        assert found == {name: events for name, events in EVENTS.items() if events}
    (truth.parent / "heard.parquet").write_bytes((truth.parent / "heard.parquet").read_bytes()[:200])
    with pytest.raises(UserError, match=r"heard\.parquet: cannot be read as Parquet \(.*\): save it again"):
        listed(truth.parent / "heard.parquet")


def test_a_file_that_is_named_is_what_it_holds(tmp_path: Path) -> None:
    """Whatever its ending, where that is no other format's."""
    labels.raven_of_several(tmp_path / "day.raven", labels.ROWS)
    labels.excel(tmp_path / "labels.dat", labels.ROWS)
    heard = {Path(name).stem: events for name, events in EVENTS.items() if events}
    for name in ("day.raven", "labels.dat"):
        found = listed(tmp_path / name, known=list(EVENTS)).annotations
        assert {Path(name).stem: sorted(events) for name, events in found.items() if events} == heard


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("d.jsonl", "save it as one list of objects in .json, or as .csv"),
        ("d.tsv.gz", "compressed: unpack it first"),
        ("d.xlsx", "save the sheet as .csv"),
    ],
)
def test_files_of_other_programs_are_told_their_mend(name: str, mend: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text('{"filename": "a.wav", "onset": 0, "offset": 1, "event_label": "dog"}\n')
    with pytest.raises(UserError, match=f"{name}: is .*{mend}"):
        listed(tmp_path / name)


def test_json_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "d.JSON").write_text('[{"filename": "a.wav", "onset": 0, "offset": 1, "event_label": "dog"}]')
    assert listed(tmp_path / "d.JSON").annotations == {"a.wav": [Event(0.0, 1.0, "dog")]}


def test_confidences_do_not_decide_and_that_is_said(truth: Path) -> None:
    rows = [(name, e.onset, e.offset, e.event_label) for name, events in EVENTS.items() for e in events]
    sure = [f"0.{1 + i % 9}" for i in range(len(rows))]
    body = [[*map(str, row), one] for row, one in zip(rows, sure, strict=True)]
    own, other, folder = truth.parent / "own.tsv", truth.parent / "other.csv", truth.parent / "folder"
    own.write_text(
        "\n".join("\t".join(row) for row in [["filename", "onset", "offset", "event_label", "Score"], *body])
    )
    other.write_text("\n".join(",".join(row) for row in [["file", "start", "end", "label", "confidence"], *body]))
    folder.mkdir()
    (folder / "other.csv").write_text(other.read_text())
    for path in (own, other, folder):
        report = score_files(truth, path)
        assert right(report)
        said = f"{path}: tells confidences from 0.1 to {max(sure)}, and every row counts as a detection"
        assert sum(note.startswith(said) for note in report.notes) == 1
    own.write_text(own.read_text().replace("Score", "place"))
    assert not any("tells confidences" in note for note in score_files(truth, own).notes)
    assert not any("tells confidences" in note for note in score_files(other, own).notes)  # those of the truth


def test_a_form_feed_ends_no_line(tmp_path: Path) -> None:
    write_annotations(tmp_path / "truth.tsv", {"a.wav": [Event(0.0, 1.0, "dog")]})
    (tmp_path / "found.tsv").write_text("a.wav\t0.0\t1.0\tdog\t\x0c0.226\n")
    with pytest.raises(UserError, match=r"found.tsv"):
        score_files(tmp_path / "truth.tsv", tmp_path / "found.tsv")


@pytest.mark.parametrize("where", ["label file", "json", "truth"])
def test_a_name_in_decomposed_letters_is_the_same_name(where: str, tmp_path: Path) -> None:
    """As a Mac packs it into a zip."""
    decomposed = unicodedata.normalize("NFD", "Flügel")
    write_annotations(tmp_path / "table.tsv", {"Flügel.wav": [Event(0.0, 1.0, "dog")]})
    other = tmp_path / "other"
    other.mkdir()
    if where == "json":
        other = other / "found.json"
        row = {"filename": f"{decomposed}.wav", "onset": 0, "offset": 1, "event_label": "dog"}
        other.write_text(json.dumps([row]))  # as escapes
    else:
        (other / f"{decomposed}.txt").write_text("0.0\t1.0\tdog\n")
    pair = (other, tmp_path / "table.tsv") if where == "truth" else (tmp_path / "table.tsv", other)
    assert right(score_files(*pair))


def test_durations_of_other_folders_are_told(tmp_path: Path) -> None:
    write_annotations(tmp_path / "truth.tsv", {"north/a.wav": [Event(0.0, 1.0, "dog")]})
    (tmp_path / "durations.tsv").write_text("filename\tduration\nsouth/a.wav\t1000\nsouth/b.wav\t10\n")
    notes = score_files(tmp_path / "truth.tsv", tmp_path / "truth.tsv", tmp_path / "durations.tsv").notes
    told = f"{tmp_path / 'durations.tsv'}: 1 files are matched by name, though their folders differ"
    assert sum(note.startswith(told) for note in notes) == 1


def test_a_file_that_a_mac_leaves_beside_another_is_not_read(truth: Path) -> None:
    folder = truth.parent / "found"
    folder.mkdir()
    (folder / "found.json").write_text(
        json.dumps([dict(zip(COLUMNS, (name, *row), strict=True)) for name, row in ROWS])
    )
    (folder / "._found.json").write_text("[{")
    assert right(score_files(truth, folder))

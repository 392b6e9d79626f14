"""Every format of label files: recognised, and its events those that were written, to the millisecond."""

from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import labels
from datasets.sound import Row, write_text

from sedkd.data.datasets.opening import opened
from sedkd.data.events import Event
from sedkd.data.labels.label_format import OWN
from sedkd.data.labels.registry import format_of
from sedkd.errors import UserError

PER_RECORDING = [
    (labels.audacity, ".txt", "Audacity label track"),
    (lambda path, rows: labels.audacity(path, rows, spectral=False), ".txt", "Audacity label track"),
    (labels.raven, ".Table.1.selections.txt", "Raven selection table, labels from 'Species'"),
    (labels.elan, ".eaf", "ELAN file, labels from 'events'"),
    (labels.textgrid, ".TextGrid", "Praat TextGrid, labels from 'events'"),
    (lambda path, rows: labels.textgrid(path, rows, short=True), ".TextGrid", "Praat TextGrid, labels from 'events'"),
]
OF_ALL = [
    (labels.kaleidoscope, "cluster.csv", "Kaleidoscope list, labels from 'MANUAL ID'"),
    (
        lambda path, rows: labels.kaleidoscope(path, rows, "TOP1MATCH"),
        "cluster.csv",
        "Kaleidoscope list, labels from 'TOP1MATCH'",
    ),
    (labels.birdnet, "BirdNET_CombinedTable.csv", "BirdNET result table, labels from 'Common name'"),
    (labels.excel, "Labels.csv", "table, labels from 'Label'"),
    (labels.raven_of_several, "day.selections.txt", "Raven selection table, labels from 'Species'"),
]


def found_in(root: Path) -> dict[str, list[Row]]:
    (dataset,) = opened([root])
    assert dataset.name == "labels"
    found = {}
    for clip in dataset.clips:
        events = dataset.annotation(clip).events if clip.table else ()
        found[clip.path.stem] = [(e.onset, e.offset, e.event_label) for _, e in events]
    return found


def check(root: Path, title: str) -> None:
    assert set(opened([root])[0].files.values()) == {title}
    found = found_in(root)
    assert set(found) == set(labels.ROWS)
    for name, rows in labels.ROWS.items():
        assert [row[2] for row in sorted(found[name])] == [row[2] for row in sorted(rows)]
        for got, wanted in zip(sorted(found[name]), sorted(rows), strict=True):
            assert got[:2] == pytest.approx(wanted[:2], abs=0.0005)


@pytest.mark.parametrize(("write", "suffix", "title"), PER_RECORDING[:-2])
def test_a_file_per_recording(write: Callable, suffix: str, title: str, tmp_path: Path) -> None:
    check(labels.write_beside(tmp_path / "yard", write, suffix), title)


@pytest.mark.parametrize(("write", "suffix", "title"), PER_RECORDING[-2:])
def test_a_textgrid_per_recording(
    write: Callable, suffix: str, title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = {**labels.ROWS, "yard3": [(0.3, 0.5, "dog bark"), (0.5, 1.1, "crow")]}  # intervals of a tier never overlap
    monkeypatch.setattr(labels, "ROWS", apart)
    check(labels.write_beside(tmp_path / "yard", write, suffix), title)


@pytest.mark.parametrize(("write", "name", "title"), OF_ALL)
def test_one_file_of_all_recordings(write: Callable, name: str, title: str, tmp_path: Path) -> None:
    check(labels.write_one(tmp_path / "yard", write, name), title)


@pytest.mark.parametrize(
    "head",
    [
        "segment_id,start_time_seconds,end_time_seconds,label",  # as AudioSet's strong labels
        "fname,onset_s,offset_s,event_class",
        "Recording ID,Begin (sec),End (sec),Common Name",
        "wav,tmin,tmax,class_name",
        "clip_name,start_s,duration_s,sound_event",
        "Audiofilename,Starttime,Endtime,Label",  # as DCASE's few-shot task
        "fileName,startSec,endSec,eventLabel",
        "file.name,Start..s.,End..s.,Common.name",  # as R writes `Start (s)`
        "file,start-time,end-time,species",
        "audio_id,onset,offset,label",
        "YTID,start_seconds,end_seconds,label",
        "uri,start,end,label",
    ],
)
def test_what_people_call_their_columns(head: str, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(f"{head}\na,0.5,1.0,crow\n")
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    ((name, annotation),) = form.open(tmp_path / "labels.csv").read(None).items()
    end = 1.5 if "duration" in head else 1.0
    assert (name, annotation.events) == ("a", ((2, Event(0.5, end, "crow")),))


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        (["file,start_ms,end_ms,label", "a,500,1750.5,crow"], [(0.5, 1.7505)]),
        (["file;Start (ms);Duration [ms];label", "a;500;1250,5;crow"], [(0.5, 1.7505)]),
        (["file,startMs,duration (s),label", "a,500,1.25,crow", "a,1500,2,crow"], [(0.5, 1.75), (1.5, 3.5)]),
        (["file,start,start_ms,end,label", "a,0.5,500,1.75,crow"], [(0.5, 1.75)]),
        # of samples, perhaps: what says its unit counts
        (["file,start,end,start_s,end_s,label", "a,8000,28000,0.5,1.75,crow"], [(0.5, 1.75)]),
        (["file,start (s),end (s),start,end,label", "a,0.5,1.75,8000,28000,crow"], [(0.5, 1.75)]),
        (["file,start,end,start_ms,end_ms,label", "a,8000,28000,500,1750,crow"], [(0.5, 1.75)]),
        (["file,Start Time,End Time,label", "a,0.5,1.75,crow"], [(0.5, 1.75)]),
    ],
)
def test_times_in_milliseconds(lines: list[str], spans: list[tuple[float, float]], tmp_path: Path) -> None:
    write_text(tmp_path / "labels.csv", lines)
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    events = form.open(tmp_path / "labels.csv").read(None)["a"].events or ()
    assert [(e.onset, e.offset) for _, e in events] == spans


@pytest.mark.parametrize(
    ("lines", "suffix", "spans"),
    [
        (["file,start,duration,label", "a,0.1,0.2,crow", "a,1.1,1.9,crow"], "csv", [(0.1, 0.3), (1.1, 3.0)]),
        (
            [
                "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tSpecies",
                "1\t63.3\t64.4\ta\t3.3\tcrow",  # 64.4 - 63.3 is 1.1000000000000085
                "2\t60.0\t62.7\ta\t0.3\tcrow",
            ],
            "txt",
            [(3.3, 4.4), (0.3, 3.0)],
        ),
    ],
)
def test_an_end_that_is_reckoned_is_the_decimal_that_was_meant(
    lines: list[str], suffix: str, spans: list[tuple[float, float]], tmp_path: Path
) -> None:
    """Not a hair beyond a whole second, where segment F1 would count one more."""
    write_text(tmp_path / f"labels.{suffix}", lines)
    form = format_of(tmp_path / f"labels.{suffix}")
    assert form is not None
    events = form.open(tmp_path / f"labels.{suffix}").read(None)["a"].events or ()
    assert [(e.onset, e.offset) for _, e in events] == spans


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("file,start,begin,end,label,label", "a.wav,0.5,0.50,1.75,crow,crow"),
        ("filename,path,start,end,duration,label", "a.wav,/mnt/day1/A.WAV,0.5,1.75,1.25,crow"),
        ("filename,path,clip id,start,end,label", "a.wav,/mnt/day1,17,0.5,1.75,crow"),
        ("filename,duration,onset,offset,label", "a.wav,10.0,0.5,1.75,crow"),  # the recording's
        ("filename,onset,offset,start time,label", "a.wav,0.5,1.75,2024-05-01 10:00:00,crow"),
        ("file,start,end,label,species,class", "a.wav,0.5,1.75,crow,Corvus corone,bird"),
    ],
)
def test_columns_that_mean_the_same_and_agree(head: str, row: str, tmp_path: Path) -> None:
    """Or that are called alike, and mean something else."""
    write_text(tmp_path / "labels.csv", [head, row])
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    assert form.open(tmp_path / "labels.csv").read(None)["a.wav"].events == ((2, Event(0.5, 1.75, "crow")),)


def test_a_column_for_each_event(tmp_path: Path) -> None:
    """As OpenSoundscape keeps the labels of clips; a recording in which nothing occurs is one without events."""
    lines = ["file,start_time,end_time,fold,crow,dog bark", "a.wav,0,3,1,1,0", "a.wav,3,6,1,1.0,True"]
    write_text(tmp_path / "labels.csv", [*lines, "a.wav,6,9,1,0,0", "b.wav,0,3,0,0,", "b.wav,3,6,0,False,0.0"])
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    found = form.open(tmp_path / "labels.csv").read(None)
    events = [(line, e.onset, e.offset, e.event_label) for line, e in found["a.wav"].events or ()]
    assert events == [(2, 0, 3, "crow"), (3, 3, 6, "crow"), (3, 3, 6, "dog bark")]
    assert found["b.wav"].events == ()
    column = form.open(tmp_path / "labels.csv").column
    assert column is not None
    assert column(None) == "columns of events: crow, dog bark"  # a column `site` of 1 and 0 would be seen


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("1.0", "0.0"), ("True", "False")])
def test_a_column_for_the_only_event(yes: str, no: str, tmp_path: Path) -> None:
    """It may be anything else as well, such as whether somebody checked the row, so that it has to be named."""
    path = tmp_path / "labels.csv"
    lines = ["file,start_time,end_time,dog", f"a.wav,0,3,{yes}", f"a.wav,3,6,{no}", f"b.wav,0,3,{no}"]
    write_text(path, lines)
    form = format_of(path)
    assert form is not None
    with pytest.raises(UserError, match="dog holds 1 and 0: if it is an event, say --label-column dog"):
        form.open(path).read(None)
    found = form.open(path).read("dog")
    assert [(e.onset, e.offset, e.event_label) for _, e in found["a.wav"].events or ()] == [(0, 3, "dog")]
    assert found["b.wav"].events == ()


def test_a_flag_is_not_taken_for_a_label_unasked(tmp_path: Path) -> None:
    write_text(
        tmp_path / "a.txt", ["Selection\tView\tBegin Time (s)\tEnd Time (s)\tVerified", "1\tWaveform 1\t0\t1\t1"]
    )
    form = format_of(tmp_path / "a.txt")
    assert form is not None
    with pytest.raises(UserError, match="Verified holds 1 and 0: if it is an event, say --label-column Verified"):
        form.open(tmp_path / "a.txt").read(None)


def test_numbers_in_a_column_of_labels_are_labels(tmp_path: Path) -> None:
    write_text(tmp_path / "labels.csv", ["file,start,end,class", "a.wav,0,3,1", "a.wav,3,6,0"])
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    for asked in (None, "class"):
        events = form.open(tmp_path / "labels.csv").read(asked)["a.wav"].events or ()
        assert [e.event_label for _, e in events] == ["1", "0"]


BIRDNET_RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tCommon Name\tSpecies Code\tConfidence\tBegin Path"
)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "a.BirdNET.selection.table.txt",
            [BIRDNET_RAVEN, "1\tSpectrogram 1\t1\t0\t3\tnocall\tnocall\t1.0\t/d/a.wav"],
        ),
        ("a.csv", ["Start (s),End (s),Scientific name,Common name,Confidence,File", "0,3,nocall,nocall,1.0,/d/a.wav"]),
    ],
)
def test_where_birdnet_heard_nothing_there_is_no_event(name: str, lines: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / name, lines)
    form = format_of(tmp_path / name)
    assert form is not None
    assert [annotation.events for annotation in form.open(tmp_path / name).read(None).values()] == [()]


def test_the_species_of_a_table_is_the_label_and_not_its_class_or_type(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", ["start,end,type,class,species", "0.5,1,song,Aves,Turdus merula"])
    form = format_of(tmp_path / "a.csv")
    assert form is not None
    ((_, event),) = form.open(tmp_path / "a.csv").read(None)[OWN].events or ()
    assert event.event_label == "Turdus merula"


@pytest.mark.parametrize(
    "lines",
    [
        ["TIME,VALUE,DURATION,LABEL", "0.5,0,1.25,crow", "3,1,1,dog bark"],
        ["0.500000000,0,1.250000000,crow", "3,1,1,dog bark"],
    ],
)
def test_regions_of_sonic_visualiser(lines: list[str], tmp_path: Path) -> None:
    """What stands where others have a filename is a time."""
    write_text(tmp_path / "a.csv", lines)
    form = format_of(tmp_path / "a.csv")
    assert form is not None
    events = form.open(tmp_path / "a.csv").read(None)[OWN].events or ()
    assert [(e.onset, e.offset, e.event_label) for _, e in events] == [(0.5, 1.75, "crow"), (3, 4, "dog bark")]


def test_a_list_with_a_score_before_the_label_is_none_of_regions(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", ["0.5\t1.25\t0.93\tcrow", "3\t4.5\t0.5\tdog bark"])
    form = format_of(tmp_path / "a.txt")
    assert form is not None
    with pytest.raises(UserError, match=r"a\.txt, line 1: .*or onset, offset, score and label\?"):
        form.open(tmp_path / "a.txt").read(None)
    write_text(tmp_path / "a.txt", ["0.5\t1.25\t0.75\tcrow", "3\t4\t1\tdog bark"])  # the same either way
    events = form.open(tmp_path / "a.txt").read(None)[OWN].events or ()
    assert [(e.onset, e.offset) for _, e in events] == [(0.5, 1.25), (3, 4)]


def test_label_files_in_a_folder_of_their_own(tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard" / "audio" / "monday")
    labels.write_recordings(tmp_path / "yard" / "audio" / "tuesday")
    for name, rows in labels.ROWS.items():
        labels.audacity(tmp_path / "yard" / "labels" / "monday" / f"{name}-labels.txt", rows)
        labels.audacity(tmp_path / "yard" / "labels" / "tuesday" / f"{name}.wav.txt", [])
    (dataset,) = opened([tmp_path / "yard"])
    assert len(dataset.clips) == 10
    for clip in dataset.clips:
        assert clip.table is not None
        assert clip.table.parent.name == clip.path.parent.name
        assert clip.table.name.startswith(clip.path.stem)


def test_overlapping_views_of_a_raven_table_are_one_selection_and_equal_selections_two(tmp_path: Path) -> None:
    rows: list[Row] = [(0.5, 1.0, "crow"), (0.5, 1.0, "dog")]
    labels.raven(tmp_path / "a.txt", rows)
    form = format_of(tmp_path / "a.txt")
    assert form is not None
    events = form.open(tmp_path / "a.txt").read(None)[OWN].events
    assert [(line, e.event_label) for line, e in events or ()] == [(2, "crow"), (4, "dog")]


def test_views_that_measure_different_things(tmp_path: Path) -> None:
    head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tPeak Freq (Hz)\tPeak Amp (U)\tCall"
    rows = ["1\tWaveform 1\t1\t0.5\t1\t\t812\tcrow", "1\tSpectrogram 1\t1\t0.5\t1\t3100\t\tcrow"]
    for lines in ([head, *rows], [line.partition("\t")[2] for line in (head, *rows)]):  # with Selection, and without it
        write_text(tmp_path / "a.txt", lines)
        form = format_of(tmp_path / "a.txt")
        assert form is not None
        assert form.name == "raven"
        assert len(form.open(tmp_path / "a.txt").read(None)[OWN].events or ()) == 1


@pytest.mark.parametrize(
    ("name", "lines", "label"),
    [
        (
            "yard1.BirdNET.results.csv",
            ["Start (s),End (s),Scientific name,Common name,Confidence", "0,1.5,Corvus corone,Carrion Crow,0.7"],
            "Carrion Crow",
        ),
        (
            "BirdNET_Table.r.csv",
            [
                "filepath,start,end,scientific_name,common_name,confidence,lat,lon,week",
                "/x/yard1.wav,0,1.5,Corvus corone,Carrion Crow,0.7,-1,-1,-1",
            ],
            "Carrion Crow",
        ),
        (
            "BirdNET_Kaleidoscope.csv",
            [
                "INDIR,FOLDER,IN FILE,OFFSET,DURATION,scientific_name,common_name,confidence,lat,lon,week",
                "/,x,yard1.wav,0,1.5,Corvus corone,Carrion Crow,0.7,-1,-1,-1",
            ],
            "Carrion Crow",
        ),
        (
            "yard1.BirdNET.selection.table.txt",
            [
                f"{labels.RAVEN_HEAD}\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)",
                "1\tSpectrogram 1\t1\t0\t1.5\t0\t15000\tCarrion Crow\tcarcro1\t0.7\tC:\\x\\yard1.wav\t0",
            ],
            "Carrion Crow",
        ),
    ],
)
def test_birdnets_tables(name: str, lines: list[str], label: str, tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard", {"yard1": []})
    write_text(tmp_path / "yard" / name, lines)
    assert found_in(tmp_path / "yard") == {"yard1": [(0, 1.5, label)]}


def test_a_recording_that_is_called_like_a_split(tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "station", {"train": [], "test": []})
    for name in ("train", "test"):
        labels.audacity(tmp_path / "station" / f"{name}.txt", [(0.5, 1.0, "whistle")])
    assert {clip.split for clip in opened([tmp_path / "station"])[0].clips} == {"train"}


def test_a_selection_that_ends_in_the_next_file_is_cut_and_told(tmp_path: Path) -> None:
    lines = [
        f"{labels.RAVEN_HEAD}\tBegin File\tFile Offset (s)\tEnd File\tBegin Path\tSpecies",
        "1\tSpectrogram 1\t1\t1.9\t2.3\t0\t9\ta.wav\t1.9\tb.wav\tC:\\x\\a.wav\tcrow",
    ]
    write_text(tmp_path / "a.selections.txt", lines)
    form = format_of(tmp_path / "a.selections.txt")
    assert form is not None
    file = form.open(tmp_path / "a.selections.txt")
    assert file.recordings() == ["C:\\x\\a.wav"]
    with pytest.warns(UserWarning, match=r"line 2: ends in b.wav: only its part in a.wav is used"):
        (_, event), *_ = file.read(None)["C:\\x\\a.wav"].events or ()
    assert (event.onset, event.offset) == pytest.approx((1.9, 2.3))


def test_a_label_column_by_name_and_a_tier_by_name(tmp_path: Path) -> None:
    lines = [f"{labels.RAVEN_HEAD}\tPeak Freq (Hz)\tCaller\tCall", "1\tSpectrogram 1\t1\t0.5\t1\t0\t9\t7\tann\trattle"]
    write_text(tmp_path / "a.txt", lines)
    form = format_of(tmp_path / "a.txt")
    assert form is not None
    file = form.open(tmp_path / "a.txt")
    assert file.column is not None
    assert file.column("caller") == "Caller"
    assert [e.event_label for _, e in file.read("Call")[OWN].events or ()] == ["rattle"]
    tier = '    item [1]:\n        class = "TextTier"\n        name = "clicks"\n        xmin = 0\n        xmax = 2\n'
    tier += '        points: size = 1\n        points [1]:\n            number = 0.4\n            mark = "x"\n'
    labels.textgrid(tmp_path / "b.TextGrid", [(0.5, 1.0, 'say "ä"')], encoding="utf-16", more=tier)
    form = format_of(tmp_path / "b.TextGrid")
    assert form is not None
    events = form.open(tmp_path / "b.TextGrid").read("EVENTS")[OWN].events
    assert [(e.onset, e.offset, e.event_label) for _, e in events or ()] == [(0.5, 1.0, 'say "ä"')]


def test_a_line_that_names_the_separator(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", ["sep=;", "Recording;Begin;Duration;Class", 'a.wav;"0,5";"1,25";crow;'])
    form = format_of(tmp_path / "a.csv")
    assert form is not None
    ((line, event),) = form.open(tmp_path / "a.csv").read(None)["a.wav"].events or ()
    assert (line, event.onset, event.offset) == (3, 0.5, 1.75)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("truth.csv", ["a.wav\t0.5\t1.75\tcrow", "b.wav\t1\t2\tdog bark"]),  # DCASE 2017's strong labels
        ("truth.tsv", ["c.wav", "a.wav\tyard\t0.5\t1.75\tcrow\tid7", "b.wav\tyard\t1\t2\tdog bark\tid8"]),
        ("found.txt", ["a.wav,0.5,1.75,crow", "c.wav,,,", ",,,", "b.wav,1,2,dog bark"]),
        ("found.csv", ["a;0,5;1,75;crow;x", "b;1,0;2,0;dog bark;y"]),
        ("found.csv", ["0001\t0:00.5\t0:01.75\tcrow", "0002\t0:00:01\t0:00:02\tdog bark"]),
    ],
)
def test_lists_without_a_header(name: str, lines: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / name, lines)
    form = format_of(tmp_path / name)
    assert form is not None
    assert form.name == "list"
    found = [list(annotation.events or ()) for annotation in form.open(tmp_path / name).read(None).values()]
    events = [(e.onset, e.offset, e.event_label) for one in found for _, e in one]
    assert events == [(0.5, 1.75, "crow"), (1, 2, "dog bark")]
    assert [] in found or not any("c.wav" in line for line in lines)


def test_a_list_of_one_recording(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", ["0.5,1.75,crow", "61.5,1:02.5,dog bark"])
    form = format_of(tmp_path / "a.csv")
    assert form is not None
    events = form.open(tmp_path / "a.csv").read(None)[OWN].events
    assert [(line, e.onset, e.offset) for line, e in events or ()] == [(1, 0.5, 1.75), (2, 61.5, 62.5)]


@pytest.mark.parametrize(
    "lines",
    [
        ["a.wav", "b.wav"],  # names alone are a list of files
        ["a.wav,44100,2,16"],
        ["a.wav,10.0"],
        ["0.0,1.0,crow,0.0", "1.0,2.0,crow,0.7"],  # soft labels, as MAESTRO's
        ["a.wav,0.5,1.75,crow,0.9"],
        ["file,from when,to when,what", "a.wav,0.5,1.75,crow"],  # a header that nobody knows is asked about
    ],
)
def test_what_is_no_list_of_events(lines: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", lines)
    assert format_of(tmp_path / "a.csv") is None


def test_markers_of_audio_editors(tmp_path: Path) -> None:
    """As Adobe Audition and Reaper write them: minutes, seconds and parts of them."""
    audition = ["Name\tStart\tDuration\tTime Format\tType\tDescription"]
    write_text(tmp_path / "a.csv", [*audition, "crow\t0:00.500\t0:01.250\tdecimal\tCue\t"])
    write_text(tmp_path / "b.csv", ["#,Name,Start,End,Length", "R1,crow,1:02.500,1:03.750,0:01.250"])
    for name, wanted in (("a", (0.5, 1.75)), ("b", (62.5, 63.75))):
        form = format_of(tmp_path / f"{name}.csv")
        assert form is not None
        ((_, event),) = form.open(tmp_path / f"{name}.csv").read(None)[OWN].events or ()
        assert (event.onset, event.offset, event.event_label) == (*wanted, "crow")


def test_the_real_files(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "label_formats"
    if not source.is_dir():
        pytest.skip(f"no {source}")
    root = tmp_path / "site"
    root.mkdir()
    (root / "spinetail.ogg").symlink_to(source / "audio/spinetail.ogg")
    (root / "Recording_1_Segment_07.ogg").symlink_to(source / "audio/powdermill_Recording_1_Segment_07_0-10s.ogg")
    (root / "spinetail.txt").symlink_to(source / "original/spinetail.audacity_spectral.txt")
    name = "Recording_1_Segment_07.Table.1.selections.txt"
    (root / name).symlink_to(source / "original" / name)
    found = found_in(root)
    assert [row[2] for row in found["spinetail"]].count("SP") == 14
    assert found["spinetail"][1] == (0.506924, 3.041545, "CRER")
    early = [row for row in found["Recording_1_Segment_07"] if row[0] < 10]
    assert (len(found["Recording_1_Segment_07"]), len(early)) == (279, 9)
    listed = (source / "labels.tsv").read_text().splitlines()[1:]
    wanted = [line.split("\t")[1:] for line in listed if line.startswith("powdermill")]
    for (onset, _, label), (begin, _, name) in zip(
        sorted(early), sorted(wanted, key=lambda w: float(w[0])), strict=True
    ):
        assert (onset, label) == (pytest.approx(float(begin), abs=0.001), name)


def test_a_column_of_audio_files_names_the_recordings_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("wo,start,end,label\nx/a.wav,1,2,crow\nb.WAV,0,1,crow\n")
    form = format_of(tmp_path / "labels.csv")
    assert form is not None
    assert list(form.open(tmp_path / "labels.csv").read(None)) == ["x/a.wav", "b.WAV"]


def test_a_column_that_may_name_recordings_is_told(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """One in which time begins anew; not one that says who labelled."""
    path = tmp_path / "labels.csv"
    for cells, said in ((("x", "x", "y"), True), (("x", "y", "x"), False), (("x", "x", "x"), False)):
        recwarn.clear()
        onsets = (1, 5, 0)
        path.write_text(
            "wo,start,end,label\n" + "".join(f"{c},{o},{o + 1},crow\n" for c, o in zip(cells, onsets, strict=True))
        )
        form = format_of(path)
        assert form is not None
        assert len(next(iter(form.open(path).read(None).values())).events or ()) == 3
        assert [str(w.message) for w in recwarn] == said * [
            f"{path}: names no recording, so that all of it is of one; times begin anew where wo changes: if it names "
            "recordings, call the column filename"
        ]

import re
import warnings
from pathlib import Path

import pytest

from sedkd.data.events import (
    Event,
    clip_to,
    merge_touching,
    read_annotations,
    read_durations,
    require_known_files,
    write_annotations,
)
from sedkd.errors import UserError

HEADER = "filename\tonset\toffset\tevent_label\n"


def table(folder: Path, content: str | bytes, name: str = "events.tsv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_quietly(path: Path) -> dict[str, list[Event]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_annotations(path)


def test_events_and_files_without_events(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "a.wav\t0.5\t2.25\tcar\na.wav\t1\t3\tdog\nb.wav\t\t\t\nc.wav\n")
    assert read_quietly(path) == {
        "a.wav": [Event(0.5, 2.25, "car"), Event(1.0, 3.0, "dog")],
        "b.wav": [],
        "c.wav": [],
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crlf.tsv", "filename\tonset\toffset\tevent_label\r\na.wav\t0.5\t2.25\tpeople walking\r\n"),
        ("old_mac.tsv", "filename\tonset\toffset\tevent_label\ra.wav\t0.5\t2.25\tpeople walking\r"),
        ("bom.tsv", "\ufefffilename\tonset\toffset\tevent_label\na.wav\t0.5\t2.25\tpeople walking"),
        ("decimal_comma.tsv", HEADER + "a.wav\t0,5\t2,25\tpeople walking\n"),
        ("blank_lines.tsv", HEADER + "\na.wav\t0.5\t2.25\tpeople walking\n\n\t\t\t\n \n"),
        ("spaces.tsv", HEADER + " a.wav \t 0.5 \t2.25 \tpeople walking \n"),
        ("trailing_tab.tsv", HEADER + "a.wav\t0.5\t2.25\tpeople walking\t\t\n"),
        ("order.tsv", "event_label\tonset\toffset\tfilename\tindex\npeople walking\t0.5\t2.25\ta.wav\t7\n"),
        ("pandas.csv", ",event_label,onset,offset,filename\n0,people walking,0.5,2.25,a.wav\n"),
        ("quoted.csv", 'filename,onset,offset,event_label\n"a.wav","0.5","2.25","people walking"\n'),
        ("quoted.tsv", '"filename"\t"onset"\t"offset"\t"event_label"\n"a.wav"\t"0.5"\t2.25\t"people walking"\n'),
        ("tabs_despite_name.csv", HEADER + "a.wav\t0.5\t2.25\tpeople walking\n"),
    ],
)
def test_same_event_however_it_is_written(tmp_path: Path, name: str, content: str) -> None:
    assert read_quietly(table(tmp_path, content, name)) == {"a.wav": [Event(0.5, 2.25, "people walking")]}


def test_a_quote_within_a_label_is_a_character(tmp_path: Path) -> None:
    rows = 'a.wav\t0\t1\t5" pipe\na.wav\t1\t2\t"a ""loud"" bang, far"\na.wav\t2\t3\t"\n'
    (events,) = read_quietly(table(tmp_path, HEADER + rows)).values()
    assert [event.event_label for event in events] == ['5" pipe', 'a "loud" bang, far', '"']


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a.wav\t0\t1,234\tcar\n", "line 2: '1,234' may be 1.234 or 1234:"),
        ("a.wav\t0.5\t1,234\tcar\n", "line 2: '1,234' may be 1.234 or 1234:"),
        ("a.wav\t0\t1\tcar\na.wav\t10,000\t12,500\tcar\n", "line 3: '10,000' may be 10.000 or 10000:"),
        ("a.wav\t0\t1,234,567\tcar\n", "line 2: '1,234,567' may be 1234567, or no number:"),
    ],
)
def test_a_comma_that_may_mean_two_things_is_asked_about(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        read_quietly(table(tmp_path, HEADER + rows))


@pytest.mark.parametrize("proof", ["0,5", "0,250", "12,34", "1234,567", "3,"])
def test_another_number_of_the_table_settles_what_a_comma_is(tmp_path: Path, proof: str) -> None:
    rows = f"a.wav\t1,234\t9999\tcar\nb.wav\t{proof}\t9999\tcar\n"
    found = read_quietly(table(tmp_path, HEADER + rows))
    assert (found["a.wav"][0].onset, found["b.wav"][0].onset) == (1.234, float(proof.replace(",", ".")))


def test_durations_with_a_comma_that_may_mean_two_things(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 2: '3,600' may be 3\.600 or 3600"):
        read_durations(table(tmp_path, "filename\tduration\na.wav\t3,600\n"))


@pytest.mark.parametrize(
    "header",
    ["Filename\tOnset\tOFFSET\tEvent_Label\n", "filename\tonset\toffset\tevent_label\tOnset\n"],
)
def test_columns_may_be_written_in_capitals(tmp_path: Path, header: str) -> None:
    row = "a.wav\t1\t2\tcar" + "\t7" * (header.count("\t") - 3)
    assert read_quietly(table(tmp_path, header + row + "\n")) == {"a.wav": [Event(1, 2, "car")]}


def test_a_table_without_an_ending_may_be_separated_by_either(tmp_path: Path) -> None:
    path = tmp_path / "stdin"
    for text in ("filename,onset,offset,event_label\na.wav,1,2,car\n", HEADER + "a.wav\t1\t2\tcar\n"):
        path.write_text(text)
        assert read_quietly(path) == {"a.wav": [Event(1, 2, "car")]}


def test_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    assert read_quietly(table(tmp_path, HEADER)) == {}


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("", None, "file is empty"),
        ("\n \n", None, "file is empty"),
        ("filename\tonset\toffset\tlabel\na.wav\t0\t1\tcar\n", 1, "no column event_label"),
        ("filename\tevent_labels\na.wav\tcar\n", 1, "no column onset, offset, event_label"),
        ("0.0\t1.0\tcar\n", 1, "no column filename"),
        ("filename\tonset\tonset\toffset\tevent_label\n", 1, "onset occurs 2 times"),
        ("filename,onset,offset,event_label\na.wav,0,1,car\n", 1, "looks comma-separated"),
        ("filename;onset;offset;event_label\na.wav;0;1;car\n", 1, "looks semicolon-separated"),
        ("filename onset  offset event_label\na.wav 0 1 car\n", 1, "looks space-separated"),
        (HEADER + "a.wav\t0\t1\tcar\nb.wav\tzero\t1\tcar\n", 3, "onset 'zero' is not a number"),
        (
            HEADER + "a.wav\t0\t1:30\tcar\n",
            2,
            "offset '1:30' is not a number, and may be minutes or hours: write seconds such as 90, or 1:30.0 for",
        ),
        (HEADER + "a.wav\t0\t1.234,5\tcar\n", 2, "offset '1.234,5' is not a number"),
        (HEADER + "a.wav\t0\t1_0\tcar\n", 2, "offset '1_0' is not a number"),
        (HEADER + "a.wav\tnan\t1\tcar\n", 2, "onset 'nan' is not a number"),
        (HEADER + "a.wav\t0\tinf\tcar\n", 2, "offset 'inf' is not a number"),
        (HEADER + "a.wav\t-0.1\t1\tcar\n", 2, "onset -0.1 is negative"),
        (HEADER + "\na.wav\t2\t1\tcar\n", 3, "offset 1 lies before onset 2"),
        (HEADER + "a.wav\t0\t1\t\n", 2, "event_label is empty"),
        (HEADER + "a.wav\t\t1\tcar\n", 2, "onset is empty"),
        (HEADER + "a.wav\t\t\tcar\n", 2, "onset, offset is empty"),
        (HEADER + "\t0\t1\tcar\n", 2, "filename is empty"),
        (HEADER + "a.wav\t0\t1\n", 2, "3 fields where the header has 4"),
        (HEADER + "a.wav\t0\t1\tcar\tloud\n", 2, "5 fields where the header has 4"),
        (HEADER + "a.wav 0 1 car\nb.wav\t0\t1 car\n", 3, "3 fields where the header has 4"),
        (HEADER.encode() + b"a.wav\t0\t1\tB\xe4r\n", 2, "not UTF-8"),
        (b"\xff\xfef\0i\0l\0e\0", 1, "not UTF-8"),
        (b"PK\x03\x04\0\0\0", None, "NUL bytes"),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path: Path, content: str | bytes, line: int | None, says: str) -> None:
    path = table(tmp_path, content)
    with pytest.raises(UserError) as caught:
        read_annotations(path)
    message = str(caught.value)
    assert message.startswith(str(path) if line is None else f"{path}, line {line}: ")
    assert says in message
    assert "\n" not in message


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.tsv: no such file"):
        read_annotations(tmp_path / "nowhere.tsv")
    with pytest.raises(UserError, match="this is a folder"):
        read_annotations(tmp_path)


def test_zero_length_and_repeated_events_are_dropped_with_a_warning(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "a.wav\t1\t1\tcar\nb.wav\t1\t2\tcar\nb.wav\t1.0\t2.0\tcar\nb.wav\t1\t2\tdog\n")
    with pytest.warns(UserWarning, match=r"events\.tsv, line \d") as caught:
        annotations = read_annotations(path)
    assert annotations == {"a.wav": [], "b.wav": [Event(1, 2, "car"), Event(1, 2, "dog")]}
    assert [str(warning.message) for warning in caught] == [
        f"{path}, line 2: 'car' has no length, dropped",
        f"{path}, line 4: 'car' repeats an earlier line, dropped",
    ]


def test_of_many_dropped_rows_the_first_is_named(tmp_path: Path) -> None:
    rows = "b.wav\t1\t2\tcar\n" * 1000 + "a.wav\t1\t1\tcar\n" * 500
    path = table(tmp_path, HEADER + rows)
    with pytest.warns(UserWarning, match="dropped, with") as caught:
        read_annotations(path)
    assert [str(warning.message) for warning in caught] == [
        f"{path}, line 3: 'car' repeats an earlier line, dropped, with 998 more",
        f"{path}, line 1002: 'car' has no length, dropped, with 499 more",
    ]


def test_written_table_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.tsv"
    annotations = {"a.wav": [Event(0.1234, 2.0, "(object) impact")], "b.wav": [], "ä.wav": [Event(0, 10, "Hund")]}
    write_annotations(path, annotations)
    assert path.read_text(encoding="utf-8").splitlines()[1:3] == ["a.wav\t0.123\t2.000\t(object) impact", "b.wav\t\t\t"]
    assert read_quietly(path) == {**annotations, "a.wav": [Event(0.123, 2.0, "(object) impact")]}
    assert [entry.name for entry in path.parent.iterdir()] == ["out.tsv"]


def test_names_that_would_break_the_table_leave_the_old_one(tmp_path: Path) -> None:
    path = table(tmp_path, "old")
    changed = ({" a.wav": []}, {"a.wav": [Event(0, 1, '"dog"')]})  # by who reads them
    for bad in ({"a\tb.wav": []}, {"a.wav": [Event(0, 1, "two\nlines")]}, {"a.wav": [Event(0, 1, "")]}, *changed):
        with pytest.raises(UserError, match="rename it"):
            write_annotations(path, bad)
    assert path.read_text() == "old"


def test_durations(tmp_path: Path) -> None:
    path = table(tmp_path, "duration\tfilename\tscene\r\n10,5\ta.wav\thome\r\n3\tb.wav\thome\r\n3\tb.wav\thome\r\n")
    assert read_durations(path) == {"a.wav": 10.5, "b.wav": 3.0}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("b.wav\t0", "duration 0 is not positive"),
        ("b.wav\t-1", "duration -1 is not positive"),
        ("b.wav\tlong", "duration 'long' is not a number"),
        ("b.wav\tinf", "duration 'inf' is not a number"),
        ("b.wav\t", "duration is empty"),
        ("b.wav", "duration is empty"),
        ("\t3", "filename is empty"),
        ("a.wav\t9", "'a.wav' already has the duration 10"),
        ("b.wav\t1\t2", "3 fields where the header has 2"),
    ],
)
def test_mistakes_in_durations(tmp_path: Path, row: str, says: str) -> None:
    path = table(tmp_path, f"filename\tduration\na.wav\t10\n{row}\n")
    with pytest.raises(UserError, match="line 3") as caught:
        read_durations(path)
    assert says in str(caught.value)


def test_annotations_are_not_durations(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column duration"):
        read_durations(table(tmp_path, HEADER))


def test_merge_touching() -> None:
    events = [Event(4, 5, "car"), Event(0, 1, "car"), Event(1, 2, "car"), Event(0.5, 3, "dog"), Event(0, 0.5, "car")]
    assert merge_touching(events) == [Event(0, 2, "car"), Event(0.5, 3, "dog"), Event(4, 5, "car")]
    nested = [Event(0, 10, "car"), Event(1, 2, "car"), Event(9, 11, "car")]
    assert merge_touching(nested) == [Event(0, 11, "car")]
    assert merge_touching([]) == []


def test_clip_to() -> None:
    events = [Event(8, 12, "car"), Event(10, 11, "car"), Event(1, 1, "dog"), Event(0, 10, "dog")]
    assert clip_to(events, 10.0) == [Event(8, 10.0, "car"), Event(0, 10, "dog")]


def test_unknown_files_are_named() -> None:
    require_known_files(["a.wav"], {"a.wav": [], "b.wav": []}, "dets.tsv")
    with pytest.raises(UserError, match=r"dets\.tsv names 'x/a\.wav'"):
        require_known_files({"a.wav": 1, "x/a.wav": 1}, {"a.wav": []}, "dets.tsv")


def test_desed_tables(shared: Path) -> None:
    folder = shared / "data" / "desed_predictions"
    truth = read_quietly(folder / "validation.tsv")
    assert (len(truth), sum(map(len, truth.values())), sum(not events for events in truth.values())) == (1168, 4224, 15)
    assert sum(map(len, read_quietly(folder / "predictions0.5.csv").values())) == 3312
    durations = read_durations(folder / "validation_durations.tsv")
    assert durations.keys() == truth.keys()
    assert sum(event.offset > durations[name] for name, events in truth.items() for event in events) == 16

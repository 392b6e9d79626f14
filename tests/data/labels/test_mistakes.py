"""The likeliest mistakes with label files, and the one line that each gets on stderr, with exit code 2."""

import shutil
from pathlib import Path

import pytest
from datasets import labels
from datasets.sound import write_text

from search.cli import main
from sedkd.data.datasets.opening import pool_of
from sedkd.data.labels.listed import listed
from sedkd.errors import UserError


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    return labels.write_beside(tmp_path / "yard", labels.audacity, ".txt")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]):
    def run(root: Path, *more: str) -> str:
        assert main.main(["data", "check", str(root), *more]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        return line

    return run


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["0.1 0.9 crow"], "line 1: called like a recording, but no label file that sedkd knows"),
        (["0.1\t0.9\tcrow", "0.9\t0.1\tcrow"], "line 2: offset 0.1 lies before onset 0.9: swap the two"),
        (["0.1\t0.9\tcrow", "1.0\t1.5"], "line 2: the label is empty: fill it in or remove the line"),
        (["0.1\t0.9\tcrow", "0.5\t1.0\tcrow\tloud"], "line 2: 4 columns: expected onset, offset and label"),
        (["0.1\t0.9\tcrow", "soon\t1.0\tcrow"], "line 2: onset 'soon' is not a number"),
        (["0.1\t0.9\tcrow", "-1\t1.0\tcrow"], "line 2: onset -1 is negative"),
        (["\\\t10\t20", "0.1\t0.9\tcrow"], "line 1: called like a recording"),
    ],
)
def test_a_label_track(yard: Path, told, lines: list[str], message: str) -> None:
    write_text(yard / "yard2.txt", lines)
    assert f"{yard}/yard2.txt, {message}" in told(yard)


def test_two_label_files_of_a_recording(yard: Path, told) -> None:
    labels.raven(yard / "yard1.Table.1.selections.txt", [(0.1, 0.9, "crow")])
    assert f"{yard}/yard1.wav: is labelled by {yard}/yard1" in (line := told(yard))
    assert line.endswith("keep one, or join them")


def test_label_files_called_unlike_the_recordings(yard: Path, told) -> None:
    for path in yard.glob("*.txt"):
        path.rename(path.with_name(f"Track of {path.name}"))
    assert told(yard).endswith("call a label file like its recording (a.txt for a.wav)")


def test_a_recording_in_another_split_than_its_labels(yard: Path, told) -> None:
    for split, name in (("train", "yard1.wav"), ("test", "yard1.txt")):
        (yard / split).mkdir()
        shutil.move(yard / name, yard / split)
    assert told(yard).endswith("lies in train, but " + f"{yard}/test/yard1.txt is of test: move one of them")


def test_a_name_that_may_mean_two_recordings(tmp_path: Path, told) -> None:
    for day in ("mo", "tu"):
        labels.write_recordings(tmp_path / "yard" / day)
    labels.excel(tmp_path / "yard/table.csv", {"yard1.wav": labels.ROWS["yard1"]})
    assert f"table.csv: may mean {tmp_path}/yard/mo/yard1.wav or {tmp_path}/yard/tu/yard1.wav" in told(
        tmp_path / "yard"
    )


def test_a_raven_table_of_measurements_alone(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tHigh Freq (Hz)"
    write_text(tmp_path / "yard/yard1.txt", [header, "1\tSpectrogram 1\t1\t0.2\t0.4\t8000"])
    assert told(tmp_path / "yard") == f"error: {tmp_path}/yard/yard1.txt: no column of labels; add one, called species"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_that_does_not_say_so(tmp_path: Path, told, encoding: str) -> None:
    """Alone, or beside label files of other recordings."""
    labels.write_recordings(tmp_path / "yard")
    (tmp_path / "yard/yard1.TextGrid").write_bytes('File type = "ooTextFile"\n'.encode(encoding))
    says = "yard1.TextGrid: is in no encoding that it tells (UTF-16 without a byte order mark?): save it in UTF-8"
    assert says in told(tmp_path / "yard")
    write_text(tmp_path / "yard/yard2.txt", ["0.1\t0.9\tcrow"])
    assert told(tmp_path / "yard").endswith(says)


def test_a_table_of_other_recordings(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    write_text(tmp_path / "yard/table.csv", ["file,start,end,label", "one.wav,0.2,0.4,crow", "two.wav,0.2,0.4,crow"])
    line = told(tmp_path / "yard")
    assert line.startswith(f"error: {tmp_path}/yard/table.csv: names 2 recordings, such as one.wav, and none of the ")
    assert line.endswith("mend the names, or name the folder that holds both")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file;start;end;label", "yard1.wav;1,234;2;crow"], "line 2: '1,234' may be 1.234 or 1234"),
        (["file;start;end;label", "yard1.wav;0,5;1;crow;;loud"], "line 2: 6 fields where the header has 4"),
        (["file;start;end;label", "yard1.wav;0:05;1;crow"], "line 2: onset '0:05' is not a number"),
        (["file;start;end;label", "yard1.wav;0,5;1;crow", ";1;2;crow"], "line 3: file is empty: name the recording"),
        (["file;start;end;label", "yard1.wav;0,5;1;"], "line 2: label is empty: fill it in or remove the line"),
        (["file;start;end;who", "yard1.wav;0,5;1;ann"], "no column of labels; say --label-column, one of: who"),
        (["file;start;end", "yard1.wav;0,5;1"], "no column of labels; add one, called event label"),
        (["file;start;end;label", "yard1.wav;0:99.5;100;crow"], "line 2: onset '0:99.5' is not a number"),
        (["yard1.wav,0.5,1,crow", "yard2.wav,0.5,1"], "line 2: 3 cells: expected filename, onset, offset, event_label"),
        (
            ["yard1.wav;0,5;1,0;crow", "yard2.wav;1,5;1,0;crow"],
            "line 2: offset 1,0 lies before onset 1,5: swap the two",
        ),
        (["yard1.wav,0:30,1:30,crow"], "line 1: onset '0:30' is not a number, and may be minutes or hours"),
        (["yard1.wav,0.5,1,crow", "yard2.wav,0.5,1,crow,0.2"], "line 2: what is the number behind the label?"),
        (["yard1.wav,0.5,1,crow", ",0.5,1,crow"], "line 2: the filename is empty: fill it in or remove the line"),
        (["yard1.wav,0.5,1,crow", "yard2.wav,0.5,1,"], "line 2: the label is empty: fill it in or remove the line"),
        (["file;start;end;label", "yard1.wav;1;2;crow", "YARD1.WAV;1;2;crow"], "is listed as 'yard1.wav' and as"),
        (["file;start_ms;end;label", "yard1.wav;1,250;2;crow"], "line 2: '1,250' may be 1.250 or 1250"),
        (["file;start_ms;end;label", "yard1.wav;0:05;2;crow"], "line 2: start_ms '0:05' is not a number: write mill"),
        (
            ["file,start,end,label", 'yard1.wav,0,1,"crow', "yard2.wav,0,1,dog"],
            "line 2: a quote is not closed, or stands",
        ),
        (
            ["file,start,end,label", 'yard1.wav,0,1,"crow', 'yard2.wav,0,1,"dog"'],
            "line 2: a quote is not closed, or st",
        ),
        (
            ["file,start,end,label", 'yard1.wav,0,1,"crow', 'yard2.wav,0,1,dog"'],
            "line 2: the label, 'crow' and more, goe",
        ),
        (
            ["file,start,end,label", 'yard1.wav,0,1,"' + "x" * 200_000 + '"'],
            "line 2: a quote is not closed, or stands wi",
        ),
        (['yard1.wav,0,1,"crow', "yard2.wav,0,1,dog"], "line 1: a quote is not closed, or stands within a cell"),
        (["file;start;end;label", "yard1.wav;;2;crow"], "line 2: onset is empty: write seconds such as 1.25"),
        (["file,start,end,crow,dog", "yard1.wav,0,1,0.93,0.2"], "no column of labels; crow, dog hold numbers, not lab"),
    ],
)
def test_a_spreadsheets_table(tmp_path: Path, told, lines: list[str], message: str) -> None:
    labels.write_recordings(tmp_path / "yard")
    write_text(tmp_path / "yard/table.csv", lines)
    assert f"{tmp_path}/yard/table.csv" in (line := told(tmp_path / "yard"))
    assert message in line


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file,start,start,end,label", "yard1.wav,0,1,2,crow"], "line 2: start is '0', and start, which means"),
        (["file,start,begin,end,label", "yard1.wav,0,0,1,crow", "yard1.wav,1,5,2,crow"], "line 3: start is '1', and "),
        (["file,start_ms,begin,end,label", "yard1.wav,500,5,9,crow"], "line 2: start_ms is '0.5', and begin, which"),
        (["file,start,end,stop,label", "yard1.wav,0,1,2,crow"], "line 2: end is '1', and stop, which means the same"),
        (["file,filename,start,end,label", "yard1.wav,yard2.wav,0,1,crow"], "filename is 'yard2.wav', and file, which"),
        (["file,filename,start,end,label", "yard1,yard2,0,1,crow"], "filename is 'yard2', and file, which means"),
        (["file,start,end,label,Label", "yard1.wav,0,1,crow,dog"], "label is 'crow', and Label, which means the same, "
         "is 'dog': rename or remove one, or take a column of another name: --label-column"),
        (["file,start,end,dog,dog,crow", "yard1.wav,0,1,1,0,0"], "line 2: dog is '1', and dog, which means the same"),
    ],
)  # fmt: skip
def test_columns_that_mean_the_same_and_differ(tmp_path: Path, told, lines: list[str], message: str) -> None:
    labels.write_recordings(tmp_path / "yard")
    write_text(tmp_path / "yard/table.csv", lines)
    assert message in told(tmp_path / "yard")


@pytest.mark.parametrize(
    "lines",
    [
        ["file,start,end,duration,label", "yard1.wav,0,1,10,crow", "yard1.wav,1,2,10.004,crow"],  # of the recording
        ["file,start,end,start time,label", "yard1.wav,0,1,06:30:00,crow"],  # of the day
        ["file,start,end,from,to,label", "yard1.wav,0,1,2000,4000,crow"],  # in Hz
        ["filename,source file,start,end,label", "yard1.wav,a_long_one.wav,0,1,crow"],
        ["file,start,end,robin,robin (s)", "yard1.wav,0,1,1,0"],  # its song
    ],
)
def test_columns_that_mean_something_else_are_let_be(tmp_path: Path, lines: list[str]) -> None:
    labels.write_recordings(tmp_path / "yard")
    write_text(tmp_path / "yard/table.csv", lines)
    assert [len(each) for each in listed(tmp_path / "yard/table.csv", None).annotations.values()] == [len(lines) - 1]


@pytest.mark.parametrize("twice", ["End Time (s)", "Species"])
def test_a_raven_table_with_a_column_twice(tmp_path: Path, told, twice: str) -> None:
    labels.write_recordings(tmp_path / "yard")
    header = ["Selection", "View", "Begin Time (s)", "End Time (s)", "Species", twice]
    row = ["1", "Spectrogram 1", "0.2", "0.4", "crow", "1.5"]
    write_text(tmp_path / "yard/yard1.txt", ["\t".join(header), "\t".join(row)])
    assert f"line 2: {twice} is '{row[header.index(twice)]}', and {twice}, which means the same" in told(
        tmp_path / "yard"
    )


def test_a_column_of_scores_is_none_of_labels(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    write_text(tmp_path / "yard/table.csv", ["file,start,end,label,crow", "yard1.wav,0,1,crow,0.93"])
    assert "--label-column crow: holds numbers, not labels: write" in told(tmp_path / "yard", "--label-column", "crow")


def test_an_excel_file_in_another_encoding(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    (tmp_path / "yard/table.csv").write_bytes("file;start;end;label\nyard1.wav;1;2;Käuzchen\n".encode("cp1252"))
    assert told(tmp_path / "yard").endswith("table.csv, line 2: not UTF-8 text: save the table as plain text in UTF-8")


def test_a_raven_table_with_several_label_columns(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    row = "1\tSpectrogram 1\t1\t0.5\t1\t0\t9\t7\tann\trattle"
    write_text(tmp_path / "yard/yard1.txt", [f"{labels.RAVEN_HEAD}\tPeak Freq (Hz)\tCaller\tCall", row])
    assert told(tmp_path / "yard").endswith("which column holds the labels? Say --label-column, one of: Caller, Call")
    line = told(tmp_path / "yard", "--label-column", "Species")
    assert "--label-column Species: no such column; there are: Selection, View" in line


def test_a_raven_table_of_several_files_without_their_offsets(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    rows = [f"{i}\tSpectrogram 1\t1\t0.5\t1\t0\t9\tyard{i}.wav\tcrow" for i in (1, 2)]
    write_text(tmp_path / "yard/day.txt", [f"{labels.RAVEN_HEAD}\tBegin File\tSpecies", *rows])
    assert "is of 2 recordings, and its times may count over all of them: add the measurement File Offset (s)" in told(
        tmp_path / "yard"
    )


def test_a_raven_row_without_its_offset_in_a_table_of_several_files(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    rows = [f"{i}\tSpectrogram 1\t1\t{at}\t{at + 1}\t0\t9\tyard{i}.wav\t{offset}\tcrow" for i, at, offset in
            ((1, 1, "1"), (2, 61, ""))]  # fmt: skip
    write_text(tmp_path / "yard/day.txt", [f"{labels.RAVEN_HEAD}\tBegin File\tFile Offset (s)\tSpecies", *rows])
    assert "day.txt, line 3: File Offset (s) is empty, and times count over 2 recordings" in told(tmp_path / "yard")


def test_kaleidoscope_rows_that_nobody_identified(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard")
    table = tmp_path / "yard/cluster.csv"
    labels.kaleidoscope(table, {"yard1.wav": labels.ROWS["yard1"]})
    table.write_text(table.read_text().replace(",dog bark", ","))
    assert 'line 3: MANUAL ID is empty: fill it in or remove the line, or take another column: --label-column "TOP1MATCH"' in told(tmp_path / "yard")  # fmt: skip # noqa: E501


def test_textgrids(tmp_path: Path, told) -> None:
    labels.write_recordings(tmp_path / "yard", {"yard1": labels.ROWS["yard1"]})
    path = tmp_path / "yard/yard1.TextGrid"
    second = (
        '    item [1]:\n        class = "IntervalTier"\n        name = "words"\n        xmin = 0\n        xmax = 2\n'
    )
    second += "        intervals: size = 0\n"
    labels.textgrid(path, labels.ROWS["yard1"], more=second)
    assert told(tmp_path / "yard").endswith("which tier holds the labels? Say --label-column, one of: words, events")
    assert "--label-column calls: no such interval tier; there are: words, events" in told(
        tmp_path / "yard", "--label-column", "calls"
    )
    labels.textgrid(path, labels.ROWS["yard1"])
    whole = path.read_text().splitlines()
    write_text(path, whole[:20])
    assert "yard1.TextGrid, line 21: the file breaks off" in told(tmp_path / "yard")
    path.write_text("\n".join(whole).replace("size = 1", "size = 1e999"))
    assert "line 7: 1e999 where a count belongs: save it again in Praat" in told(tmp_path / "yard")
    path.write_text("\n".join(whole).replace("xmin = 0.0 ", 'xmin = "a\nb" '))
    assert '"a b" where a number belongs: save it again in Praat' in told(tmp_path / "yard")
    path.write_text("\n".join(whole).replace("xmin = 0", "xmin = 5", 1))
    assert "line 4: its times begin at 5 s, those of a recording at 0: in Praat, Modify" in told(tmp_path / "yard")
    path.write_bytes(b"ooBinaryFile\x08TextGrid\x00\x00")
    assert told(tmp_path / "yard").endswith("is a binary TextGrid: in Praat, Save as text file")


def test_the_points_of_a_textgrid_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording in which somebody marked points alone is not one in which nothing happens."""
    labels.write_recordings(tmp_path / "yard", labels.ROWS)
    for name, rows in labels.ROWS.items():
        labels.audacity(tmp_path / f"yard/{name}.txt", rows)
    (tmp_path / "yard/yard1.txt").unlink()
    points = '    item [1]:\n        class = "TextTier"\n        name = "calls"\n        xmin = 0\n        xmax = 2\n'
    points += '        points: size = 1\n        points [1]:\n            number = 0.5\n            mark = "crow"\n'
    labels.textgrid(tmp_path / "yard/yard1.TextGrid", [], more=points)
    assert main.main(["data", "check", str(tmp_path / "yard")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"warning: {tmp_path}/yard/yard1.TextGrid: the points of the tier 'calls' have no length, and "
    )
    assert "mark intervals in Praat; none is left" in line


def test_a_label_file_of_one_of_two_that_differ_by_their_ending(yard: Path, told) -> None:
    import soundfile

    soundfile.write(yard / "yard1.flac", *soundfile.read(yard / "yard1.wav"))
    assert told(yard).endswith("keep one of them, or write the ending of its name as well, as in yard1.flac")
    (yard / "yard1.txt").rename(yard / "yard1.flac.txt")
    assert main.main(["data", "check", str(yard)]) == 0


def test_a_table_that_names_recordings_and_is_not_read_is_told(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(yard / "more.csv", ["file,start_frame,end_frame,label", "day 1/YARD1.wav,10,20,crow"])
    write_text(yard / "README.txt", ["Recorded in May."])
    assert main.main(["data", "check", str(yard)]) == 0
    (note,) = [line for line in capsys.readouterr().out.splitlines() if "it names recordings, and is not read" in line]
    assert f"note: {yard}/more.csv, line 1: no label file that sedkd knows" in note
    assert "Call them onset and offset, in seconds" in note


def test_a_column_where_there_is_none(yard: Path, told) -> None:
    assert "--label-column Call: none of the label files in" in told(yard, "--label-column", "Call")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("labels.xlsx", b"PK\x03\x04", "labels.xlsx: is a spreadsheet program's own file: save the sheet as .csv"),
        ("yard.aup3", b"SQLite", "yard.aup3: is an Audacity project: export its labels (File, Export Other"),
        (
            "table.csv",
            b"yard1.wav,crow,0.1\n",
            "table.csv, line 1: no label file that sedkd knows (its first line is",
        ),
        ("table.csv", b"yard1.wav 0.1 0.9 crow\n", "give the columns a header such as file, onset, offset, label"),
        ("table.csv", b"file,start_frame,end_frame,label\n", "which columns say when a label begins and ends? Call "),
        ("table.csv", b"file,offset,duration,label\n", "which column says when a label begins? Call it onset, in sec"),
        ("table.csv", b"file,start,label\n", "which column says when a label ends? Call it offset, or duration, in s"),
        ("all.txt", b"0.0\t3.0\tcrow\t0.8123\n", "of the number behind the label nobody says what it means: remove it"),
        ("yard1.svl", b"<sv/>", "yard1.svl: is a layer of Sonic Visualiser: export it as .csv"),
        (
            "labels.json",
            b"[]",
            "labels.json: is no table: if it holds labels, save them as .csv with the header file",
        ),
    ],
)
def test_a_file_that_only_looks_like_labels(tmp_path: Path, told, name: str, content: bytes, message: str) -> None:
    labels.write_recordings(tmp_path / "yard")
    (tmp_path / "yard" / name).write_bytes(content)
    assert message in told(tmp_path / "yard")


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("yard1.aup3", "is an Audacity project: export its labels (File, Export Other"),
        ("yard1-labels.XLSX", "is a spreadsheet program's own file: save the sheet as .csv"),
        ("labels/yard1.txt.gz", "is compressed: unpack it first"),
    ],
)
def test_labels_in_a_programs_own_file_beside_others(yard: Path, capsys, name: str, mend: str) -> None:
    """A recording whose labels are not read yet is not one without labels."""
    (yard / "yard1.txt").unlink()
    (yard / "labels").mkdir()
    (yard / name).write_bytes(b"PK")
    line = f"yard: 1 recordings have no labels but in files that are not read, such as {yard}/{name}: {mend}"
    assert any(line in notice for notice in pool_of([yard], {}, "yard").notices)
    assert main.main(["data", "check", str(yard)]) == 1
    out = capsys.readouterr().out
    assert f"problem: {line}" in out
    assert "1 problem\n" in out
    assert "give it an empty label file" not in out
    write_text(yard / "yard1.txt", [])
    assert main.main(["data", "check", str(yard)]) == 0


@pytest.mark.parametrize(
    ("name", "mend"), [("yard1.json", "no table: if it holds labels, save"), ("yard1.wav.gz", "compressed: unpack it")]
)
def test_what_may_hold_something_else_is_told_and_holds_nothing_up(yard: Path, capsys, name: str, mend: str) -> None:
    """What a recorder tells of a recording, say, or the sound once more."""
    (yard / "yard1.txt").unlink()
    (yard / name).write_text('{"gain": 2}')
    assert main.main(["data", "check", str(yard)]) == 0
    out = capsys.readouterr().out
    assert f"such as {yard}/{name}: is {mend}" in out
    assert "1 recordings have no labels and count as unlabelled" in out


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["100\t900\tcrow", "1000\t1500\tcrow"], "(2.00 s), dropped, with 1 more; none is left: are they of this"),
        (["0.1\t0.9\tcrow", "50\t51\tcrow"], "line 2: 'crow' begins after the end of yard2.wav (2.00 s), dropped\n"),
        (["0.1\t0.9\tcrow", "0.1\t0.9\tcrow"], "line 2: 'crow' repeats an earlier line, dropped\n"),
        (["0.5\t0.5\tcrow"], "line 1: 'crow' has no length, dropped; none is left, and the recording counts as one"),
        (["0.5\t0.5\tcrow", "0.6\t0.9\tcrow"], "line 1: 'crow' has no length, dropped\n"),
    ],
)
def test_what_is_left_out_is_told(yard: Path, capsys: pytest.CaptureFixture[str], lines: list[str], note: str) -> None:
    write_text(yard / "yard2.txt", lines)
    assert main.main(["data", "check", str(yard)]) == 0
    assert f"note: {yard}/yard2.txt, line " in (out := capsys.readouterr().out)
    assert note in out


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_what_is_no_mistake(yard: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    """Windows' encodings, a Mac's old line ends, capitals in endings, blanks in names, decimal commas."""
    (yard / "yard2.txt").unlink()
    (yard / "yard2.wav").rename(yard / "yard 2.WAV")
    (yard / "yard 2.TXT").write_bytes("0,1\t0,9\tcrow\r1,0\t1,5\tcrow\r".encode(encoding))
    assert main.main(["data", "check", str(yard)]) == 0
    assert "yard 2.TXT: Audacity label track, of yard 2.WAV, 2 labels" in capsys.readouterr().out


def test_label_files_without_a_label_are_not_a_matter_of_aliases(tmp_path: Path) -> None:
    labels.write_recordings(tmp_path / "yard")
    for name in labels.ROWS:
        write_text(tmp_path / "yard" / f"{name}.csv", ["onset,offset,label"])
    with pytest.raises(UserError, match="yard: its training recordings have no labels, which a search needs"):
        pool_of([tmp_path / "yard"], {}, "yard")

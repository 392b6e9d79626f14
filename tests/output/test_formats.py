"""`sedkd detect --format`: every format holds the same detections, and sedkd reads them back."""

import csv
import json
from pathlib import Path

import pytest
import soundfile
from exported import RATE, moving_student, noise, write_export

from search.cli import main
from sedkd.data.datasets.opening import opened
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.output.formats import OUTPUT_FORMATS, Heard

NAMES = ("20240131_054500.wav", "20240131_055000+0100.wav", "crow.wav")
Found = dict[str, list[tuple[float, float, str]]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(moving_student(), tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for seed, name in enumerate(NAMES):
        (root / "audio" / "day").mkdir(parents=True, exist_ok=True)
        soundfile.write(root / "audio" / "day" / name, noise(12.0 + seed, seed=seed), RATE)
    return root


def detected(bundle: Path, *words: object) -> None:
    assert main.main(["detect", str(bundle), *map(str, words)]) == 0


def rows_of(table: Path, delimiter: str) -> list[dict[str, str]]:
    with table.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL))


@pytest.fixture(scope="module")
def wanted(bundle: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    out = tmp_path_factory.mktemp("tsv") / "found.tsv"
    detected(bundle, site / "audio", "--out", out)
    rows = rows_of(out, "\t")
    assert {Path(row["filename"]).name for row in rows} == set(NAMES)
    return rows


def same(found: dict[str, list[Event]], wanted: list[dict[str, str]]) -> None:
    assert sum(map(len, found.values())) == len(wanted)
    for row in wanted:
        times = [(e.onset, e.offset) for e in found[Path(row["filename"]).name] if e.event_label == row["event_label"]]
        onset, offset = float(row["onset"]), float(row["offset"])
        assert any(abs(a - onset) < 0.001 and abs(b - offset) < 0.001 for a, b in times)


def read_back(root: Path) -> dict[str, list[Event]]:
    (dataset,) = opened([root])
    return {c.path.name: [e for _, e in dataset.annotation(c).events or ()] for c in dataset.clips if c.table}


def test_absolute_times(wanted: list[dict[str, str]]) -> None:
    first = {Path(row["filename"]).name: row for row in reversed(wanted)}
    plain, zoned, bare = (first[name] for name in NAMES)
    assert list(plain) == [*["filename", "onset", "offset", "event_label", "confidence", "start_time", "end_time"]]
    seconds = float(plain["onset"])
    assert plain["start_time"] == f"2024-01-31T05:45:{seconds:06.3f}"
    assert zoned["end_time"] == f"2024-01-31T05:50:{float(zoned['offset']):06.3f}+01:00"
    assert (bare["start_time"], bare["end_time"]) == ("", "")


def test_csv_and_json(bundle: Path, site: Path, tmp_path: Path, wanted: list[dict[str, str]]) -> None:
    detected(bundle, site / "audio", "--format", "csv", "--out", tmp_path / "found.csv")
    assert rows_of(tmp_path / "found.csv", ",") == wanted
    detected(bundle, site / "audio", "--out", tmp_path / "alike.csv")  # what the name says
    assert (tmp_path / "alike.csv").read_bytes() == (tmp_path / "found.csv").read_bytes()
    detected(bundle, site / "audio", "--format", "tsv", "--out", tmp_path / "asked.txt")
    assert rows_of(tmp_path / "asked.txt", "\t") == wanted
    detected(bundle, site / "audio", "--out", tmp_path / "found.json")
    rows = json.loads((tmp_path / "found.json").read_text())
    assert [{k: "" if v is None else f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()} for row in rows] == wanted  # fmt: skip # noqa: E501


@pytest.mark.parametrize("form", ["tsv", "csv", "raven"])
def test_one_file_read_back(form: str, bundle: Path, site: Path, tmp_path: Path, wanted: list[dict[str, str]]) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "audio").symlink_to(site / "audio")
    detected(
        bundle, site / "audio", "--format", form, "--out", tmp_path / "site" / f"all.{form.replace('raven', 'txt')}"
    )
    same(read_back(tmp_path / "site"), wanted)


@pytest.mark.parametrize(
    ("form", "suffix"), [("tsv", ".tsv"), ("csv", ".csv"), ("raven", ".selections.txt"), ("audacity", ".txt")]
)
def test_a_file_per_recording_read_back(
    form: str, suffix: str, bundle: Path, site: Path, tmp_path: Path, wanted: list[dict[str, str]]
) -> None:
    root = tmp_path / "site"
    root.mkdir()
    (root / "audio").symlink_to(site / "audio")
    detected(bundle, site / "audio", "--format", form, "--per-file", "--out", root / "found")
    assert sorted(path.name for path in (root / "found" / "day").iterdir()) == sorted(
        name.replace(".wav", suffix) for name in NAMES
    )
    same(read_back(root), wanted)


def test_a_raven_table_counts_over_all_recordings(bundle: Path, site: Path, tmp_path: Path) -> None:
    detected(
        bundle, *(site / "audio/day" / name for name in NAMES[:2]), "--format", "raven", "--out", tmp_path / "a.txt"
    )
    rows = rows_of(tmp_path / "a.txt", "\t")
    assert [row["Selection"] for row in rows] == [str(i + 1) for i in range(len(rows))]
    for row in rows:
        before = 12.0 if Path(row["Begin Path"]).name == NAMES[1] else 0.0
        assert float(row["Begin Time (s)"]) == pytest.approx(before + float(row["File Offset (s)"]), abs=1e-5)
    assert rows[0]["Begin Date Time"].startswith("2024/01/31 05:45:")


def test_files_without_dates_get_no_more_columns(bundle: Path, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detected(bundle, site / "audio/day/crow.wav", "--format", "csv")
    assert capsys.readouterr().out.startswith("filename,onset,offset,event_label,confidence\n")
    detected(bundle, site / "audio/day/crow.wav", "--format", "audacity")
    assert len(capsys.readouterr().out.splitlines()[0].split("\t")) == 3


def test_no_detections(bundle: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    assert main.main(["detect", str(bundle), str(tmp_path / "empty.wav"), "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "empty.wav" in err
    words = [str(tmp_path / "empty.wav"), str(site / "audio/day/crow.wav"), "--format", "audacity", "--per-file"]
    assert main.main(["detect", str(bundle), *words, "--out", str(tmp_path / "out")]) == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["crow.txt"]


def test_mistakes(bundle: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audio, other = site / "audio", tmp_path / "crow.flac"
    soundfile.write(other, noise(1.0), RATE)
    for words, message in (
        (
            [audio, "--format", "audacity"],
            "--format audacity: holds one recording, not 3: add --per-file and --out DIR",
        ),
        ([audio, "--per-file"], "--per-file: needs --out DIR"),
        ([audio, "--per-file", "--out", other], "crow.flac: is a file; --per-file needs a folder"),
        ([audio, "--out", tmp_path], "is a folder; name the table to write inside it, or add --per-file"),
        ([audio / "day/crow.wav", other, "--per-file", "--out", tmp_path / "o"], "would both be"),
    ):
        assert main.main(["detect", str(bundle), *map(str, words)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


@pytest.mark.parametrize("name", ["csv", "tsv", "raven"])
def test_a_line_break_in_a_name_breaks_no_table(name: str) -> None:
    heard = Heard("a\nb.wav", 2.0, None, [(Event(0.0, 1.0, "crow"), 0.9)])
    with pytest.raises(UserError, match="a line break in the name breaks the table; rename the file"):
        OUTPUT_FORMATS[name].make(False, 8000.0).text(heard)

"""The table of what hearing only the past, and eight bits, cost: on a tiny farm, from its line to its rows."""

import sys
from pathlib import Path

import pytest
from tiny import write_folder

import sedkd.teach.teacher as teachers
from benchmarks.device_table import distinct, main, means
from sedkd.models.settings import StudentSettings
from sedkd.train.settings import TrainSettings

WORDS = ["--env", "farm", "--teacher", "crnn", "--steps", "2", "--seeds", "1", "--lookaheads", "full,0"]


def table(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("| ")]


@pytest.mark.slow
def test_from_its_line_to_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_folder(tmp_path / "data", {"farm": ("low", "high")})
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(teachers, "CRNN", StudentSettings(4, 2, "conv"))
    monkeypatch.setattr(teachers, "FROM_SCRATCH", TrainSettings(steps=3, batch=4, frames=12))
    line = [
        "device_table",
        *WORDS,
        "--architecture",
        "conv+tcn 2x1",
        "--data",
        str(root),
        "--out",
        str(tmp_path / "students"),
    ]
    monkeypatch.setattr(sys, "argv", line)
    main()
    first = capsys.readouterr().out
    header, *rows = table(first)
    assert [row[:2] for row in rows] == [["full", "float"], ["0", "float"], ["0", "int8"]]
    assert {len(row) for row in (header, *rows)} == {10}
    assert [row[9] for row in rows] == ["-", "80 ms", ""]
    assert first.count(f"{tmp_path / 'students' / 'conv-tcn-2x1'}-") == 2
    main()  # everything is there: nothing is trained
    again = capsys.readouterr().out
    assert table(again) == [header, *rows]
    assert "conv-tcn-2x1" not in again
    line[line.index("conv+tcn 2x1")] = "conv+tcn 2x1/32mel"  # another student of that size
    main()
    assert "conv-tcn-2x1" in capsys.readouterr().out


def test_look_aheads_that_wait_equally_long_are_one_student() -> None:
    found = distinct("separable 16x3", ["full", "480", "160", "0"])
    assert [(settings.lookahead, words) for settings, words in found] == [
        ("full", "full"), (160, "480 = 160"), (0, "0"),
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="expected such as"):
        distinct("large", ["0"])


def test_means_and_deviations_of_what_is_known() -> None:
    runs = [
        {"f1_segment": 0.5, "f1_event": None, "fa_per_hour": 10.0},
        {"f1_segment": 0.7, "f1_event": 0.2, "fa_per_hour": 30.0},
    ]
    assert means(runs) == ["0.600 ± 0.141", "0.200 ± 0.000", "20.0 ± 14.1"]

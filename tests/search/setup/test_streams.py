"""Limits that only students for streams have: what is typed, what is left out, what is refused."""

import argparse
from pathlib import Path

import pytest
from small_study import arguments

from search.cli import search
from search.cli.amounts import amount, duration
from search.setup.setting import spaces_folder
from search.setup.streams import hears_recordings, only_streams, quickest, streams_asked_by
from search.space.added import LOOKAHEAD, with_added
from search.space.reading import space_from
from search.space.space import Space
from search.study.objectives import parse
from search.study.opening import load_study
from search.study.store import open_store
from sedkd.cost.known import known_cost
from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings

DEFAULT = spaces_folder() / "default.yaml"
F1_MACS = parse("f1_segment,macs")


def space_with(*lookaheads: int | str) -> Space:
    return with_added(space_from(read_yaml(DEFAULT), DEFAULT), LOOKAHEAD, lookaheads, [])


def test_amounts() -> None:
    assert [amount(text) for text in ("65000", "64k", "64kB", "1.5M", "64Ki", "1e6")] == [
        65000, 64000, 64000, 1.5e6, 65536, 1e6,
    ]  # fmt: skip
    assert [duration(text) for text in ("200ms", "0.2s", " 1 s")] == [0.2, 0.2, 1.0]
    for text in ("", "64q", "-1", "0", "k", "nan", "inf"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a number above 0, such as 65000, 64k"):
            amount(text)
    for text in ("200", "0ms", "ms", "fast"):  # 200 of what?
        with pytest.raises(argparse.ArgumentTypeError, match="duration with its unit, such as 200ms"):
            duration(text)


def test_only_bytes_are_followed_by_a_b(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--max-bytes", "64kB", "--max-ram=64KiB", "--max-flash=1MB", "--max-macs", "1M", "--max-params=9"]
    options = search.parser().parse_args(["--env", "street", *sizes])
    assert (options.max_bytes, options.max_ram, options.max_flash, options.max_macs) == (64000, 65536, 1e6, 1e6)
    for option in ("--max-macs", "--max-total-macs", "--max-params", "--max-latency-ms"):
        with pytest.raises(SystemExit):
            search.parser().parse_args(["--env", "street", option, "1MB"])
        assert f"argument {option}: '1MB': expected a number above 0" in capsys.readouterr().err


def test_who_asks_for_students_for_streams() -> None:
    assert streams_asked_by({"macs": 1e6}, F1_MACS) is None
    assert streams_asked_by({"macs": 1e6, "ram": 1e4}, F1_MACS) == "--max-ram"
    assert streams_asked_by({}, parse("f1_segment,ram")) == "--objectives f1_segment,ram"


def test_whole_recordings_are_left_out_aloud_and_the_study_is_the_same() -> None:
    notices: list[str] = []
    asked = space_with("full", 160, 0)
    space = only_streams(asked, "--max-ram", notices)
    assert space.choices(LOOKAHEAD.name) == (160, 0)
    assert space.as_dict() == asked.as_dict()
    assert notices == [f"left out of {LOOKAHEAD.name}: full ({hears_recordings('--max-ram')})"]
    assert only_streams(space_with(160, 0), "--max-ram", []).choices(LOOKAHEAD.name) == (160, 0)
    assert quickest({LOOKAHEAD.name: 160}, space) == {LOOKAHEAD.name: 0}


def test_without_a_look_ahead_there_is_one_line_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--env", "street", "--max-ram", "64k", "--store", str(tmp_path)]
    assert search.main(line) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: --max-ram: only students for streams have that, and these hear whole recordings; add --lookahead 160,0"
    )
    with pytest.raises(UserError, match="--lookahead 160,0"):
        only_streams(space_with("full"), "--max-latency", [])


@pytest.mark.slow
def test_a_search_within_ram_and_latency(
    farm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [*arguments(farm, 2, lookahead="full,160,0"), "--objectives", "f1_segment,ram"]
    assert search.main([*line, "--max-latency", "50ms"]) == 2
    assert "--max-latency 0.05s: the space's smallest student needs 0.08 seconds" in capsys.readouterr().err
    assert search.main([*line, "--max-latency", "100ms", "--max-ram", "1M"]) == 0
    told = capsys.readouterr()
    assert "left out of student.lookahead: full" in told.out + told.err
    store = open_store(str(farm.parent / "runs"))
    members = load_study(store, "farm", None).finished()
    assert members
    for member in members:
        settings = {k.removeprefix("student."): v for k, v in member.record.configuration.items() if "student" in k}
        assert settings["lookahead"] == 0
        assert member.measure("ram") == known_cost(StudentSettings(**settings), 2).ram
        assert member.measure("algorithmic_latency") == pytest.approx(0.08)

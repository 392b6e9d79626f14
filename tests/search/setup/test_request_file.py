"""What was typed, kept with a study and read back on another machine."""

import json
from pathlib import Path

import pytest

from search.cli.search import parser, request_of
from search.setup.request_file import request_as_json, request_from_json
from search.study.store import Store

STORE = Store(Path("/there"))
LINE = (
    "--env farm --data rec --data more --events bell,hum --space own.yaml --trials 7 --max-macs 1e6 "
    "--lookahead 160,0 --no-carry --seed 3 --teacher crnn,t.safetensors"
)


def test_a_request_is_read_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.safetensors").touch()
    request = request_of(parser().parse_args(LINE.split()))
    kept = json.loads(json.dumps(request_as_json(request)))
    read = request_from_json(kept, STORE, {})
    assert read.subject.data == (tmp_path / "rec", tmp_path / "more")
    assert read.subject.space == tmp_path / "own.yaml"
    assert read.subject.teacher == f"crnn,{tmp_path / 't.safetensors'}"
    assert read.subject.lookahead == request.subject.lookahead
    assert (read.budget, read.manner, read.seed, read.store) == (request.budget, request.manner, 3, STORE)


def test_what_lies_elsewhere_here_is_taken_from_here() -> None:
    request = request_of(parser().parse_args(["--env", "farm"]))
    here = {"data": (Path("/mnt/rec"),), "device": "cpu"}
    read = request_from_json(request_as_json(request), STORE, here)
    assert (read.subject.data, read.subject.device) == ((Path("/mnt/rec"),), "cpu")

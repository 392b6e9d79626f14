"""`sedkd export` of a student for streams: with its C, or with the line that says how to get it."""

import io
import sys
from pathlib import Path

import pytest
from c_library import require_compiler
from exported import noise
from small_study import arguments, quick_search, write_farm

from search.cli import main
from search.run.exporting import device_line
from sedkd.device.golden import pcm
from sedkd.export.bundle import read_bundle


@pytest.mark.slow
def test_from_a_search_to_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require_compiler()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = write_farm(tmp_path)
    quick_search(arguments(root, 1, lookahead=160))
    out = tmp_path / "bundle"
    line = ["export", "--env", "farm", "--pick", "best", "--store", str(tmp_path / "runs"), "--out", str(out)]

    assert main.main(line) == 0
    assert f"the same in C99: make -C {out / 'device'} check listen" in capsys.readouterr().out
    held = {path.name for path in (out / "device").iterdir()}
    assert {"Makefile", "main.c", "network.c", "sedkd_tables.c", "golden.h"} <= held
    assert read_bundle(out).stream is not None

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pcm(noise(3.0)[:, 0]).tobytes())))
    assert main.main(["listen", str(out), "-"]) == 0
    found, said = capsys.readouterr()
    assert found.startswith("onset\toffset\tevent_label\tconfidence\n")
    assert "heard 3.0 s" in said


def test_without_what_writes_the_network() -> None:
    assert device_line(Path("knee"), False) == (
        "no C for a device: what writes a network as C is not installed: pip install 'sedkd[device]'"
    )

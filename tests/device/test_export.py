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
from sedkd.browser.runtime import INSIDE, MODULE, PACKAGE, VERSION, WASM
from sedkd.device.golden import pcm
from sedkd.export.reading import read_bundle


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

    assert main.main([*line, "--browser", str(tmp_path)]) == 2
    assert f"--browser {tmp_path}: no whole onnxruntime-web there" in capsys.readouterr().err
    assert not out.exists()

    assert main.main(line) == 0
    found = capsys.readouterr().out
    assert f"the same in C99: make -C {out / 'device'} check listen" in found
    assert "no page for browsers: `npm install onnxruntime-web`, then export with --browser" in found
    held = {path.name for path in (out / "device").iterdir()}
    assert {"Makefile", "main.c", "network.c", "sedkd_tables.c", "golden.h"} <= held
    assert read_bundle(out).stream is not None

    package = tmp_path / INSIDE
    (package / "dist").mkdir(parents=True)
    (package / "package.json").write_text(f'{{"name": "{PACKAGE}", "version": "{VERSION}"}}')
    for file in (MODULE, WASM):
        (package / file).write_bytes(b"not run here")
    assert main.main([*line, "--browser", str(tmp_path)]) == 0
    assert f"in a browser, without a network: {out / 'detector.html'}" in capsys.readouterr().out
    assert (out / "detector.html").stat().st_size > 10_000

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pcm(noise(3.0)[:, 0]).tobytes())))
    assert main.main(["listen", str(out), "-"]) == 0
    found, said = capsys.readouterr()
    assert found.startswith("onset\toffset\tevent_label\tconfidence\n")
    assert "heard 3.0 s" in said


def test_the_line_that_makes_it_can_be_typed() -> None:
    assert device_line(Path("my export"), True) == "the same in C99: make -C 'my export/device' check listen"


def test_without_what_writes_the_network() -> None:
    assert device_line(Path("knee"), False) == (
        "no C for a device: what writes a network as C is not installed: pip install 'sedkd[device]'"
    )

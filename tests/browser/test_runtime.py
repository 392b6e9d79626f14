"""Finding npm's onnxruntime-web, and saying how to get it."""

import json
from pathlib import Path

import pytest

from search.run.exporting import page_line
from sedkd.browser.runtime import INSIDE, MODULE, PACKAGE, VERSION, WASM, read_runtime
from sedkd.errors import UserError


def package_in(folder, name=PACKAGE, version=VERSION):
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    (folder / MODULE).write_bytes(b"module")
    (folder / WASM).write_bytes(b"wasm")
    return folder


def test_the_package_itself_or_where_npm_was_run(tmp_path):
    (tmp_path / "package.json").write_text('{"name": "somebody-s-own"}')
    package = package_in(tmp_path / INSIDE, version="1.31.2")
    for folder in (tmp_path, package):
        found = read_runtime(folder)
        assert (found.version, found.module, found.wasm) == ("1.31.2", b"module", b"wasm")


def test_what_is_not_there_is_told_with_the_way_to_get_it(tmp_path):
    how = f"`npm install --prefix .* {PACKAGE}@{VERSION}` puts it there"
    with pytest.raises(UserError, match=f"no whole {PACKAGE} there .*{how}"):
        read_runtime(tmp_path / "nowhere")
    with pytest.raises(UserError, match=f"holds the package left-pad, not {PACKAGE}; {how}"):
        read_runtime(package_in(tmp_path / "other", name="left-pad"))
    with pytest.raises(UserError, match=f"2.0.0, but the page knows {VERSION}"):
        read_runtime(package_in(tmp_path / "newer", version="2.0.0"))
    broken = package_in(tmp_path / "broken")
    (broken / WASM).unlink()
    with pytest.raises(UserError, match="no whole"):
        read_runtime(broken)


def test_the_way_to_get_it_can_be_typed(tmp_path):
    with pytest.raises(UserError, match=f"npm install --prefix '{tmp_path}/my page' onnxruntime-web"):
        read_runtime(tmp_path / "my page")


def test_what_an_export_says_of_its_page():
    assert page_line(Path("knee"), True) == f"in a browser, without a network: {Path('knee', 'detector.html')}"
    assert f"`npm install {PACKAGE}`" in page_line(Path("knee"), False)

"""Fetching the public weights: checked, from a mirror, and with one line when there is no network."""

import functools
import hashlib
import http.server
import re
import socket
import threading
from pathlib import Path

import pytest

from sedkd.errors import UserError
from sedkd.teach.weights import AUDIOSET_WEIGHTS, PublicWeights, fetch, is_cached, weights_folder, weights_path

CONTENT = b"weights " * 20_000
NAME = "mn04_as_mAP_432.pt"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a fake file's sha256, and no way to the real release."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SEDKD_WEIGHTS_URL", "http://127.0.0.1:9")
    monkeypatch.setitem(AUDIOSET_WEIGHTS, "mn04_as", PublicWeights(NAME, hashlib.sha256(CONTENT).hexdigest()))
    return tmp_path / "cache" / "weights"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder served on 127.0.0.1 in place of the release."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("SEDKD_WEIGHTS_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def left(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir()] if folder.exists() else []


def test_fetches_and_checks(mirror: Path, own_cache: Path) -> None:
    (mirror / NAME).write_bytes(CONTENT)
    assert not is_cached("mn04_as")
    told: list[tuple[int, int]] = []
    path = fetch("mn04_as", lambda *now: told.append(now))
    assert path == own_cache / NAME == weights_path("mn04_as")
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert left(own_cache) == [NAME]
    assert is_cached("mn04_as")


def test_what_is_there_is_not_fetched_again(own_cache: Path) -> None:
    own_cache.mkdir(parents=True)
    (own_cache / NAME).write_bytes(CONTENT)
    assert fetch("mn04_as") == own_cache / NAME  # the address is a closed port


@pytest.mark.parametrize("content", [CONTENT[:-1], b"<html>not found</html>", b""])
def test_another_file_leaves_nothing(mirror: Path, own_cache: Path, content: bytes) -> None:
    (mirror / NAME).write_bytes(content)
    with pytest.raises(UserError, match=rf"{NAME}.*sha256.*put it into {re.escape(str(own_cache))}") as caught:
        fetch("mn04_as")
    assert "\n" not in str(caught.value)
    assert f".{NAME}" not in str(caught.value)  # not the temporary file's name
    assert left(own_cache) == []
    assert not is_cached("mn04_as")


def test_a_damaged_file_in_the_cache_is_named(own_cache: Path) -> None:
    own_cache.mkdir(parents=True)
    (own_cache / NAME).write_bytes(CONTENT[:-1])
    for use in (fetch, weights_path):
        with pytest.raises(UserError, match=rf"{re.escape(str(own_cache / NAME))}: sha256 is .*; remove the file"):
            use("mn04_as")


def test_offline(own_cache: Path) -> None:
    with pytest.raises(UserError) as caught:
        fetch("mn04_as")
    message = str(caught.value)
    assert re.fullmatch(
        rf"cannot fetch http://127\.0\.0\.1:9/{NAME} \(.+\); download {NAME} elsewhere and put it into {own_cache}",
        message,
    )
    assert left(own_cache) == []


def test_not_there(mirror: Path, own_cache: Path) -> None:
    with pytest.raises(UserError, match=rf"cannot fetch .*{NAME} \(.*not found.*\); download"):
        fetch("mn04_as")
    assert left(own_cache) == []


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEDKD_WEIGHTS_URL", "no address")
    with pytest.raises(UserError, match="cannot fetch no address"):
        fetch("mn04_as")


def test_a_server_that_speaks_something_else(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SEDKD_WEIGHTS_URL", f"http://127.0.0.1:{server.getsockname()[1]}")

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(UserError, match=rf"cannot fetch .*; download {NAME} elsewhere") as caught:
            fetch("mn04_as")
        thread.join()
    assert "\n" not in str(caught.value)
    assert left(own_cache) == []


def test_a_name_that_is_none() -> None:
    with pytest.raises(UserError, match="no public checkpoint 'mn99'; there are: mn04_as, mn10_as"):
        fetch("mn99")


def test_the_path_of_what_is_not_there() -> None:
    with pytest.raises(UserError, match=rf"run `sedkd teacher fetch mn04_as`, or put {NAME} into {weights_folder()}"):
        weights_path("mn04_as")


def test_the_published_sha256(shared: Path) -> None:
    """The real file's, held against the table in the source (the fixture above replaces it)."""
    import importlib.util

    import sedkd.teach.weights as module

    spec = importlib.util.spec_from_file_location("fresh_weights", module.__file__)
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    found = hashlib.sha256((shared / "data" / "weights" / NAME).read_bytes()).hexdigest()
    assert fresh.AUDIOSET_WEIGHTS["mn04_as"].sha256 == found

"""Trials behind Optuna's gRPC proxy: leases and turns made of trials, files at a place of their own, and mistakes."""

import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Server, needs_postgres, server
from proxy import Proxy, proxy

from search.cli.main import main
from search.study import tokens
from search.study.objectives import Objectives
from search.study.opening import load_studies, load_study, open_study, others
from search.study.remote_files import RemoteFiles
from search.study.store import Store
from search.study.tokens import Tokens
from search.study.view import StudyView
from sedkd.disk.remote import VARIABLE, Remote
from sedkd.errors import SedkdWarning, UserError

pytest.importorskip("grpc")
pytestmark = needs_postgres
FACTS = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False}
OBJECTIVES = Objectives(("f1_segment", "macs"))


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as made:
        yield made


@pytest.fixture(scope="module")
def running(database: Server) -> Iterator[Proxy]:
    with proxy(database.address) as made:
        yield made


@pytest.fixture
def study(running: Proxy, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StudyView:
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv(VARIABLE, (tmp_path / "shared").as_uri())
    return open_study(Store(tmp_path / "one", running.address, 20.0), request.node.name, FACTS, OBJECTIVES)


@pytest.fixture
def one_and_other(study: StudyView, monkeypatch: pytest.MonkeyPatch) -> tuple[Tokens, Tokens]:
    """Leases and turns of two processes, whose leases last 0.6 s."""
    monkeypatch.setattr(tokens, "LEASE_SECONDS", 0.6)
    storage = study.store.storage.trials()
    return Tokens(storage, storage), Tokens(storage, storage)


def looks(tokens: Tokens, lease: int) -> list[bool]:
    """What a process sees of a lease within 1.2 s."""
    found = []
    for _ in range(12):
        found.append(tokens.holds(lease))
        time.sleep(0.1)
    return found


def test_a_lease_is_held_as_long_as_it_is_renewed(
    one_and_other: tuple[Tokens, Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = one_and_other
    with one.lease() as lease:
        assert all(looks(other, lease))
    assert not other.holds(lease)
    monkeypatch.setattr(Tokens, "_renew", lambda *_: None)
    gone = one.lease()
    lease = gone.__enter__()
    seen = looks(other, lease)
    assert seen[0]  # who looks for the first time knows nothing yet
    assert not seen[-1]
    assert not one.holds(lease)  # it was ended for all


def test_while_nobody_could_look_a_lease_does_not_run_out(
    one_and_other: tuple[Tokens, Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = one_and_other
    monkeypatch.setattr(Tokens, "_renew", lambda *_: None)
    gone = one.lease()
    lease = gone.__enter__()
    assert other.holds(lease)
    time.sleep(1.5)  # the proxy was gone for longer than a lease lasts
    assert other.holds(lease)


def test_a_turn_that_was_never_given_back_passes_on(
    one_and_other: tuple[Tokens, Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = one_and_other
    monkeypatch.setattr(Tokens, "_renew", lambda *_: None)
    killed = one.turn("of the killed")
    killed.__enter__()
    with other.turn("of the killed"):
        pass
    with pytest.warns(SedkdWarning, match="the turn 'of the killed' was not renewed for 0.6 s"):
        killed.__exit__(None, None, None)


def test_turns_of_many_never_meet(one_and_other: tuple[Tokens, Tokens], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LEASE_SECONDS", 60.0)
    inside, most, done = [0], [0], []

    def work(own: Tokens) -> None:
        for _ in range(4):
            with own.turn("of many", poll_seconds=0.01):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.01)
                inside[0] -= 1
            done.append(own)

    threads = [threading.Thread(target=work, args=(own,)) for own in one_and_other * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert len(done) == 24


def test_the_latest_of_a_file_is_read_and_the_former_removed(study: StudyView, tmp_path: Path) -> None:
    there = load_study(Store(tmp_path / "other", study.store.server, 20.0), None, study.name)
    file = study.trial_folder(3) / "trunk.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    for content in (b"first", b"second", b"second"):
        file.write_bytes(content)
        study.share(file)
    assert there.trial_file(3, file.name).read_bytes() == b"second"
    lying = [path for path in (tmp_path / "shared" / "studies").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in lying] == [b"second"]
    study.forget(file)
    assert not any(path.is_file() for path in (tmp_path / "shared" / "studies").rglob("*"))
    assert (
        not load_study(Store(tmp_path / "third", study.store.server, 20.0), None, study.name)
        .trial_file(3, file.name)
        .exists()
    )


def test_a_file_that_is_lost_there_is_told(study: StudyView, tmp_path: Path) -> None:
    file = study.trial_folder(0) / "student.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"weights")
    study.share(file)
    for path in (tmp_path / "shared" / "studies").rglob("*"):
        if path.is_file():
            path.unlink()
    there = load_study(Store(tmp_path / "other", study.store.server, 20.0), None, study.name)
    with pytest.warns(SedkdWarning, match="lacks studies/.*trial-0000/student.safetensors"):
        assert not there.student_path(0).exists()


def test_nothing_is_written_outside_of_a_study(study: StudyView, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_text("{}")
    files = RemoteFiles(study.store.storage.trials(), Remote(os.environ[VARIABLE]))
    files.share(study.name, "a/../../../evil.json", evil)
    with pytest.raises(UserError, match="outside of the study"):
        load_study(Store(tmp_path / "other", study.store.server, 20.0), None, study.name)
    assert not [path for path in tmp_path.rglob("evil.json") if path.is_file() and "shared" not in path.parts]


def test_a_place_of_files_that_is_gone_for_a_while_is_waited_for(study: StudyView, tmp_path: Path) -> None:
    file = study.folder / "teacher.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    (tmp_path / "shared").rename(tmp_path / "elsewhere")
    back = threading.Timer(1.0, (tmp_path / "elsewhere").rename, args=(tmp_path / "shared",))
    back.start()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        study.share(file)
    back.join()
    assert [str(w.message) for w in said if w.category is SedkdWarning] == [
        f"--storage {study.store.server} (${VARIABLE}): does not answer; waiting up to 20 s"
    ]


@pytest.mark.parametrize("begun_at", ["proxy", "database"])
def test_a_study_is_worked_on_by_one_way(
    study: StudyView, database: Server, running: Proxy, tmp_path: Path, begun_at: str
) -> None:
    addresses = {"proxy": running.address, "database": database.address}
    open_study(Store(tmp_path / "two", addresses.pop(begun_at), 20.0), f"at the {begun_at}", FACTS, OBJECTIVES)
    (other,) = addresses.values()
    for opened in (
        lambda: open_study(Store(tmp_path / "two", other, 20.0), f"at the {begun_at}", FACTS, OBJECTIVES),
        lambda: load_study(Store(tmp_path / "two", other, 20.0), None, f"at the {begun_at}"),
    ):
        with pytest.raises(UserError, match=f"at the {begun_at} was begun by way of its {begun_at}"):
            opened()


def test_studies_begun_elsewise_do_not_keep_others_from_being_read(
    study: StudyView, database: Server, tmp_path: Path
) -> None:
    direct = open_study(Store(tmp_path / "two", database.address, 20.0), "beside it", FACTS, OBJECTIVES)
    there = {found.name for found in load_studies(direct.store, None, None)}
    assert "beside it" in there
    assert study.name not in there
    assert load_study(study.store, None, study.name).name == study.name
    assert others(direct) == []  # nothing of them has finished


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "remote", "message"),
    [
        ("grpc://sedkd:secret@db:13000", "{there}", "--storage grpc://db:13000: expected grpc://HOST:PORT"),
        ("grpc://db:13000/sedkd", "{there}", "expected grpc://HOST:PORT, the proxy's, which knows neither users"),
        ("grpc://", "{there}", "expected grpc://HOST:PORT"),
        ("grpc://db:port", "{there}", "expected grpc://HOST:PORT"),
        ("grpc://127.0.0.1:{port}", None, "SEDKD_CACHE_REMOTE=file:///FOLDER"),
        ("grpc://127.0.0.1:{port}", "{there}/nothing", "there is no such folder"),
        ("grpc://127.0.0.1:{port}", "{there}", "no answer within 5 s; see that the proxy"),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    remote: str | None,
    message: str,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if remote is not None:
        monkeypatch.setenv(VARIABLE, remote.format(there=tmp_path.as_uri()))
    words = ["--env", "farm", "--store", str(tmp_path / "store"), "--storage", address.format(port=unused_port())]
    assert main(["front", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert "secret" not in said

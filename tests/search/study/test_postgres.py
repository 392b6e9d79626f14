"""Trials on a real PostgreSQL server: leases, turns, files, and a server that is gone for a while."""

import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Server, needs_postgres, server

from search.cli.main import main
from search.study import postgres
from search.study.objectives import Objectives
from search.study.opening import load_study, open_study
from search.study.store import Store
from search.study.view import StudyView
from sedkd.errors import UserError

pytestmark = needs_postgres
FACTS = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False}
OBJECTIVES = Objectives(("f1_segment", "macs"))


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as made:
        yield made


@pytest.fixture
def study(running: Server, tmp_path: Path, request: pytest.FixtureRequest) -> StudyView:
    return open_study(Store(tmp_path / "one", running.address, 20.0), request.node.name, FACTS, OBJECTIVES)


def elsewhere(study: StudyView, tmp_path: Path) -> StudyView:
    """The study as another machine sees it."""
    return load_study(Store(tmp_path / "other", study.store.server, 20.0), None, study.name)


def test_a_lease_that_is_not_renewed_runs_out(study: StudyView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LEASE_SECONDS", 0.6)
    storage = study.store.storage
    with storage.owner() as name:
        time.sleep(1.0)
        assert storage.is_alive(name)  # a thread renews it
        monkeypatch.setattr(postgres.PostgresStorage, "_renewing", lambda *_: None)
    assert not storage.is_alive(name)
    lost = storage.owner()
    gone = lost.__enter__()
    assert storage.is_alive(gone)
    time.sleep(0.8)
    assert not storage.is_alive(gone)


def test_everything_else_waits_for_it_too(study: StudyView, running: Server, tmp_path: Path) -> None:
    file = study.folder / "teacher.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    running.stop()
    back = threading.Timer(2.0, running.start)
    back.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with study.store.storage.owner() as name, study.store.storage.turn(study.name):
            running.stop()  # in mid-turn
            again = threading.Timer(1.0, running.start)
            again.start()
            assert study.store.storage.is_alive(name)
            study.share(file)
    back.join()
    again.join()
    assert (elsewhere(study, tmp_path).folder / "teacher.json").exists()


def test_nothing_is_written_outside_of_a_study(study: StudyView, tmp_path: Path) -> None:
    study.store.storage._asked(postgres._SHARE, (study.name, "../../../evil.json", b"{}"))  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="outside of the study"):
        elsewhere(study, tmp_path)
    assert not list(tmp_path.rglob("evil.json"))


def test_words_of_a_failure_are_not_taken_for_a_lost_connection() -> None:
    from sqlalchemy.exc import IntegrityError, OperationalError

    from search.study.patient import _is_gone

    assert not _is_gone(IntegrityError("UPDATE", {"reason": "lost the connection"}, Exception("duplicate key")))
    assert _is_gone(OperationalError("SELECT 1", {}, Exception("terminating connection")))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://a:secret@b/c", "--storage mysql://a:***@b/c: expected postgresql://USER@HOST/DATABASE"),
        ("runs/optuna.db", "--storage runs/optuna.db: expected postgresql://USER@HOST/DATABASE"),
        ("postgresql://sedkd:wrong@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgresql://sedkd:secret%20word@127.0.0.1:{port}/nothing", 'database "nothing" does not exist'),
        ("postgresql://sedkd:secret%20word@127.0.0.1:1/postgres", "Connection refused"),
        ("postgresql://sedkd:secret word@127.0.0.1/postgres", "unexpected spaces found"),
    ],
)
def test_mistakes_are_one_line_without_a_password(
    running: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, message: str
) -> None:
    begin = time.monotonic()
    words = ["--env", "farm", "--store", str(tmp_path), "--storage", address.format(port=running.port)]
    assert main(["front", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not {"secret", "wrong", "Traceback"} & set(said.replace(":", " ").replace("@", " ").split())
    assert time.monotonic() - begin < 60  # nobody waits for a server that was never there

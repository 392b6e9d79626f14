"""What every storage that machines share must do: PostgreSQL, and Optuna's gRPC proxy before one."""

import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from postgres import PASSWORD, Server, needs_postgres, server
from proxy import Proxy, proxy

import search.study.proxy
from search.study import postgres
from search.study.objectives import Objectives
from search.study.opening import enqueue_missing, load_study, open_study
from search.study.ownership import close_stale
from search.study.records import OWNER
from search.study.scores import TEST_FILE
from search.study.store import STUDENT_FILE, Store
from search.study.view import StudyView
from search.trials.failures import TAKEN, reason_of
from sedkd.disk.json_file import write_json
from sedkd.disk.remote import VARIABLE
from sedkd.errors import SedkdWarning, UserError

pytestmark = needs_postgres
FACTS = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False}
OBJECTIVES = Objectives(("f1_segment", "macs"))


@pytest.fixture(scope="module", params=["postgresql", "grpc"])
def running(request: pytest.FixtureRequest) -> Iterator[Server | Proxy]:
    pytest.importorskip("grpc")
    with server() as made:
        if request.param == "postgresql":
            yield made
        else:
            with proxy(made.address) as before:
                yield before


@pytest.fixture(autouse=True)
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files lie that the proxy does not pass on."""
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv(VARIABLE, (tmp_path / "shared").as_uri())


@pytest.fixture
def study(running: Server | Proxy, tmp_path: Path, request: pytest.FixtureRequest) -> StudyView:
    return open_study(Store(tmp_path / "one", running.address, 20.0), request.node.name, FACTS, OBJECTIVES)


def elsewhere(study: StudyView, tmp_path: Path) -> StudyView:
    """The study as another machine sees it; of the process nothing is shared, as its patience is another."""
    return load_study(Store(tmp_path / "other", study.store.server, 21.0), None, study.name)


def test_what_one_machine_writes_another_reads(study: StudyView, tmp_path: Path) -> None:
    weights = study.student_path(3)
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    study.share(weights)
    scores = study.folder / "teacher.json"
    scores.write_text("{}")
    study.share(scores)
    there = elsewhere(study, tmp_path)
    assert (there.folder / "teacher.json").read_text() == "{}"
    assert there.student_path(3).read_bytes() == b"weights"
    assert not there.student_path(4).exists()


def test_a_study_that_begins_anew_finds_no_files_of_the_one_before(study: StudyView) -> None:
    for name in (TEST_FILE, STUDENT_FILE):
        file = study.trial_folder(6) / name
        write_json(file, {"values": {"f1_segment": 0.9}, "per_class": {}})
        study.share(file)
    store = study.store
    optuna.delete_study(study_name=study.name, storage=store.storage.trials())
    with pytest.warns(SedkdWarning, match="former-1"):
        again = open_study(store, study.name, FACTS, OBJECTIVES)
    assert again.test_scores(6) is None
    assert not again.student_path(6).exists()


def test_of_two_that_take_over_one_wins(study: StudyView, tmp_path: Path) -> None:
    enqueue_missing(study, [("lost", {"width": 4})])
    trial = study.optuna.ask()
    trial.suggest_int("width", 2, 8)
    trial.set_user_attr(OWNER, "a machine that is gone")
    both = [study, elsewhere(study, tmp_path)]
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda view=view: found.append(close_stale(view))) for view in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [[], [trial.number]]
    waiting = [t for t in study.optuna.trials if t.state == optuna.trial.TrialState.WAITING]
    assert len(waiting) == 1  # it is tried once more, once


def test_a_trial_that_was_taken_over_ends_with_a_line(study: StudyView, tmp_path: Path) -> None:
    trial = study.optuna.ask()
    study.optuna.tell(trial, state=optuna.trial.TrialState.FAIL)  # by another process, meanwhile
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError) as caught:
        trial.set_user_attr("rung full@0.5", 0.4)
    assert reason_of(caught.value, tmp_path) == TAKEN
    assert not list(tmp_path.glob("traceback*"))


def test_within_one_look_others_are_read_once(study: StudyView, tmp_path: Path) -> None:
    other = elsewhere(study, tmp_path)
    with study.one_look():
        before = len(study.running())
        theirs = other.optuna.ask()
        assert len(study.running()) == before
        own = study.optuna.ask()  # what is begun here is seen at once, and with it the others
        assert {trial.number for trial in study.running()} >= {theirs.number, own.number}
        with study.one_look():
            study.optuna.tell(own, state=optuna.trial.TrialState.FAIL)
            assert own.number not in {trial.number for trial in study.running()}
        other.optuna.tell(theirs, state=optuna.trial.TrialState.FAIL)
        assert theirs.number in {trial.number for trial in study.running()}
    assert not study.running()


def test_one_at_a_time_has_its_turn(study: StudyView, tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with elsewhere(study, tmp_path).store.storage.turn(study.name):
            order.append("second")

    with study.store.storage.turn(study.name):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.5)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_machines_take_turns_at_making(study: StudyView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (postgres, search.study.proxy):
        monkeypatch.setattr(module, "MAKING_SECONDS", 0.1)
    order: list[str] = []
    waited = threading.Event()

    def second() -> None:
        with elsewhere(study, tmp_path).store.storage.making("teachers/one", waited.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with study.store.storage.making("teachers/one", lambda: None):
        with elsewhere(study, tmp_path).store.storage.making("teachers/two", lambda: None):
            order.append("another")
        thread.start()
        assert waited.wait(20)
        order.append("first")
    thread.join()
    assert order == ["another", "first", "second"]


def test_who_waits_for_its_turn_may_be_interrupted(study: StudyView, tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    other = elsewhere(study, tmp_path).store.storage
    with (
        study.store.storage.making("teachers/one", lambda: None),
        pytest.raises(KeyboardInterrupt),
        other.making("teachers/one", interrupted),
    ):
        raise AssertionError("two at once")


def test_a_server_that_restarts_is_waited_for(study: StudyView, running: Server | Proxy) -> None:
    trial = study.optuna.ask()
    running.stop()
    back = threading.Timer(2.0, running.start)
    back.start()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        trial.set_user_attr("after", "the restart")
        study.optuna.tell(trial, [0.5, 6.0])
    back.join()
    told = [str(w.message) for w in said if w.category is SedkdWarning]
    assert len(told) == 1
    assert "does not answer; waiting up to 20 s" in told[0]
    assert PASSWORD not in told[0]
    assert [t.user_attrs["after"] for t in study.optuna.trials] == ["the restart"]


def test_one_that_stays_away_is_told(running: Server | Proxy, tmp_path: Path) -> None:
    study = open_study(Store(tmp_path, running.address, 1.0), "patience", FACTS, OBJECTIVES)
    running.stop()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(UserError, match="has not answered for 1 s; what was finished is kept there"):
                study.optuna.ask()
    finally:
        running.start()

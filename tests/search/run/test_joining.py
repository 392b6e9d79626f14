"""Two machines at one study: a search here, and workers with stores and caches of their own that join it."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines import begin, study_name, words_of
from postgres import Server, needs_postgres, server
from small_study import finish, write_farm

from search.cli.main import main
from search.study.opening import load_study
from search.study.store import Store

pytestmark = needs_postgres


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as made:
        yield made


@pytest.fixture
def address(running: Server, request: pytest.FixtureRequest) -> str:
    """Of an empty database."""
    return running.database(request.node.name)


@pytest.mark.slow
def test_a_worker_joins_and_every_machine_has_the_front(address: str, tmp_path: Path) -> None:
    farm = write_farm(tmp_path)
    search = begin("search.cli.search", words_of(farm, 8, 1), tmp_path / "one", address)
    name = study_name(address, tmp_path, search)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(farm, elsewhere)  # the same recordings under another path
    worker = begin("search.cli.main", ["worker", "--join", name, "--data", str(elsewhere)], tmp_path / "two",
                   address)  # fmt: skip
    said = finish(worker)
    assert f"{name}: its trials are done or on their way" in said
    finish(search)

    study = load_study(Store(tmp_path / "three", address), "farm", None)
    assert study.spent() == 8
    assert not study.running()
    owners = {
        trial.user_attrs["owner"].rsplit("-", 2)[1] for trial in study.optuna.trials if "owner" in trial.user_attrs
    }
    assert owners == {str(search.pid), str(worker.pid)}
    # A third machine knows the front, its test scores and its weights.
    where = ["--study", name, "--store", str(tmp_path / "three"), "--storage", address]
    fronts = []
    for store in ("one", "three"):
        shown = begin("search.cli.main", ["front", "--study", name, "--format", "json"], tmp_path / store, address)
        fronts.append(json.loads(finish(shown)))
    assert fronts[0] == fronts[1]
    assert "test_f1_segment" in fronts[1][0]
    assert main(["export", *where, "--pick", "knee", "--out", str(tmp_path / "knee")]) == 0
    assert (tmp_path / "knee" / "model.onnx").exists()


@pytest.mark.slow
def test_one_that_joins_trains_several_at_once(address: str, tmp_path: Path) -> None:
    farm = write_farm(tmp_path)
    search = begin("search.cli.search", words_of(farm, 12, 4), tmp_path / "one", address)
    name = study_name(address, tmp_path, search)
    joined = begin("search.cli.main", ["worker", "--join", name, "--workers", "2"], tmp_path / "two", address)
    finish(joined)
    finish(search)
    study = load_study(Store(tmp_path / "three", address), "farm", None)
    assert study.spent() == 12
    owners = {
        trial.user_attrs["owner"].rsplit("-", 2)[1] for trial in study.optuna.trials if "owner" in trial.user_attrs
    }
    assert len(owners) == 3
    assert str(joined.pid) not in owners  # it looks after the two


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(address: str, tmp_path: Path, monkeypatch) -> None:
    farm = write_farm(tmp_path)
    search = begin("search.cli.search", words_of(farm, 6, 2), tmp_path / "one", address)
    name = study_name(address, tmp_path, search)
    worker = begin("search.cli.main", ["worker", "--join", name], tmp_path / "two", address)
    study = load_study(Store(tmp_path / "three", address), None, name)
    until = time.monotonic() + 120
    while time.monotonic() < until and search.poll() is None:
        own = [t for t in study.running() if f"-{worker.pid}-" in t.user_attrs.get("owner", "")]
        if own:
            break
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    finish(search)
    assert study.spent() == 6
    assert not study.running()


@pytest.mark.slow
def test_a_teacher_that_one_machine_trained_serves_the_other(address: str, tmp_path: Path) -> None:
    farm = write_farm(tmp_path)
    (tmp_path / "remote").mkdir()
    helpers = str(Path(__file__).parents[2] / "helpers")
    remote = {
        "SEDKD_CACHE_REMOTE": (tmp_path / "remote").as_uri(),
        "PYTHONPATH": os.pathsep.join([helpers, os.environ.get("PYTHONPATH", "")]),
    }
    words = [*words_of(farm, 4, 5), "--teacher", "own_parts:plain"]
    both = [begin("search.cli.search", words, tmp_path / who, address, **remote) for who in ("one", "two")]  # at once
    for process in both:
        finish(process)
    study = load_study(Store(tmp_path / "three", address), "farm", None)
    assert study.spent() == 4
    sent = {path.parent.relative_to(tmp_path / "remote"): path for path in (tmp_path / "remote").glob("*/*/*")}
    assert {name.parts[0] for name in sent} == {"teachers", "targets"}
    for who in ("one", "two"):
        for name, path in sent.items():
            assert (tmp_path / who / "cache" / name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_what_differs_is_named_before_anything_is_trained(address: str, tmp_path: Path, capsys) -> None:
    farm = write_farm(tmp_path)
    finish(begin("search.cli.search", words_of(farm, 2, 3), tmp_path / "one", address))
    study = load_study(Store(tmp_path / "two", address), "farm", None)
    where = ["--store", str(tmp_path / "two"), "--storage", address]
    (farm / "farm" / "train.tsv").write_text((farm / "farm" / "train.tsv").read_text().replace("bell", "hum"))
    assert main(["worker", "--join", study.name, *where]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith(f"error: --join {study.name}: what is here is another study, farm-")
    assert "recordings or their annotations" in said.split("what differs: ")[1]
    assert main(["worker", "--join", "farm-000000", *where]) == 2
    assert "no study of farm-000000; there are: " in capsys.readouterr().err
    assert main(["worker", "--join", study.name, "--data", str(tmp_path / "nowhere"), *where]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert study.spent() == 2

"""Two machines that reach nothing but Optuna's gRPC proxy and a folder for files; the proxy and a worker are killed."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from machines import begin, study_name, words_of
from optuna.trial import TrialState
from postgres import needs_postgres, server
from proxy import proxy
from small_study import finish, write_farm

from search.cli.main import main
from search.study.opening import load_study
from search.study.store import Store
from search.study.view import StudyView
from sedkd.disk.remote import VARIABLE


def wait_for_a_trial(study: StudyView, worker: subprocess.Popen) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and worker.poll() is None:
        if any(f"-{worker.pid}@" in trial.user_attrs.get("owner", "") for trial in study.running()):
            return
        time.sleep(0.05)


@needs_postgres
@pytest.mark.slow
def test_a_killed_worker_and_a_killed_proxy_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("grpc")
    farm = write_farm(tmp_path)
    (tmp_path / "files").mkdir()
    remote = {VARIABLE: (tmp_path / "files").as_uri()}
    monkeypatch.setenv(VARIABLE, remote[VARIABLE])
    with server() as database, proxy(database.address) as between:
        driver = begin("search.cli.search", words_of(farm, 10, 2), tmp_path / "one", between.address, **remote)
        name = study_name(between.address, tmp_path, driver)
        join = ["worker", "--join", name]
        worker = begin("search.cli.main", join, tmp_path / "two", between.address, **remote)
        study = load_study(Store(tmp_path / "look", between.address), None, name)
        wait_for_a_trial(study, worker)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        between.stop()
        time.sleep(2)
        between.start()
        again = begin("search.cli.main", join, tmp_path / "three", between.address, **remote)
        finish(driver, timeout=600)
        finish(again, timeout=600)

        assert study.spent() == 10
        assert not study.running()
        configurations = [str(sorted(trial.record.configuration.items())) for trial in study.finished()]
        assert len(set(configurations)) == len(configurations)  # none was trained twice
        begun = [
            trial for trial in study.optuna.trials if trial.state != TrialState.WAITING
        ]  # a lost one may wait still
        owners = {trial.user_attrs["owner"].rpartition("@")[0].rpartition("-")[2] for trial in begun}
        assert owners >= {str(driver.pid), str(worker.pid)}
        where = ["--study", name, "--store", str(tmp_path / "four"), "--storage", between.address]
        assert main(["export", *where, "--pick", "knee", "--out", str(tmp_path / "knee")]) == 0
        assert (tmp_path / "knee" / "model.onnx").exists()

"""A search and two workers, each on a machine of its own, and twenty kills at random moments."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from machines import begin, study_name, words_of
from mlflow import MlflowClient
from postgres import needs_postgres, server
from small_study import finish, write_farm

from search.cli.main import main
from search.pareto.front import front
from search.study.opening import load_study
from search.study.store import Store

KILLS, TRIALS = 20, 60


@needs_postgres
@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm, chance = write_farm(tmp_path), random.Random(1)
    with server() as running:
        lines = {"driver": ("search.cli.search", words_of(farm, TRIALS, 4))}
        there: dict[str, subprocess.Popen] = {}

        def ensure(who: str) -> None:
            if who not in there or there[who].poll() is not None:
                there[who] = begin(*lines[who], tmp_path / who, running.address)

        ensure("driver")
        name = study_name(running.address, tmp_path, there["driver"])
        lines |= {who: ("search.cli.main", ["worker", "--join", name]) for who in ("first", "second")}
        study = load_study(Store(tmp_path / "look", running.address), None, name)
        for _ in range(KILLS):
            for who in lines:
                ensure(who)
            time.sleep(chance.uniform(2, 12))
            victim = chance.choice([*lines, "server"])
            if victim == "server":
                running.stop("immediate")
                running.start()
            else:
                there[victim].send_signal(signal.SIGKILL)
                there[victim].wait()
        for who in ("first", "second"):
            there[who].terminate()
            there[who].wait()
        ensure("driver")
        finish(there["driver"], timeout=900)

        assert study.spent() >= TRIALS
        assert not study.running()
        configurations = [str(sorted(trial.record.configuration.items())) for trial in study.finished()]
        assert len(set(configurations)) == len(configurations)  # none was trained twice
        for trial in study.finished():
            assert study.student_path(trial.number).exists()
        monkeypatch.setenv("SEDKD_STORE", str(tmp_path / "driver" / "runs"))
        assert main(["sync", "--study", name, "--storage", running.address]) == 0
        client = MlflowClient(Store(tmp_path / "driver" / "runs").mlflow_uri)
        experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
        runs = client.search_runs([experiment], "tags.`sedkd.role` = 'trial'", max_results=1000)
        told = {int(run.data.tags["sedkd.trial"]) for run in runs if run.data.tags["on_front"] == "true"}
        assert told == {trial.number for trial in front(study.finished(), study.objectives)}
        ended = [run.data.tags for run in runs if run.info.status == "FINISHED"]
        finished = {int(tags["sedkd.trial"]) for tags in ended if "stopped" not in tags}
        assert finished == {trial.number for trial in study.finished()}
        assert len(ended) == len(finished) + len(study.ended_early())

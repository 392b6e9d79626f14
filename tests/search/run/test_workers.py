"""Several processes at one study: nothing lost, nothing twice, whoever is killed, and Ctrl-C ends them all."""

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
import torch
from ending import Ending
from mlflow import MlflowClient
from small_study import Deaf, arguments, finish, start, workers_of, write_farm

import search.run.local as local
import search.run.workers
from search.cli.search import parser, request_of
from search.run.executor import WorkerFailed
from search.run.local import LocalTrials
from search.run.workers import Processes
from search.setup.request import planned
from search.study.opening import load_study, open_study
from search.study.store import open_store
from sedkd.errors import UserError
from sedkd.parallel import cores

SEARCH = "search.cli.search"


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    return write_farm(tmp_path)


def study_of(tmp_path: Path) -> optuna.Study:
    return load_study(open_store(str(tmp_path / "runs")), "farm", None)


def wait_until(done, process: subprocess.Popen, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if done():
                return
        except Exception:
            pass
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    raise AssertionError("it did not get that far")


@pytest.mark.parametrize(("asked", "trials", "wanted"), [(8, 3, 3), (2, 3, 2), (1, 60, 1)])
def test_no_more_processes_than_trials(asked: int, trials: int, wanted: int) -> None:
    ready: Any = SimpleNamespace(plan=SimpleNamespace(budget=SimpleNamespace(trials=trials)))
    request: Any = SimpleNamespace(workers=asked)
    nothing: Any = None
    assert LocalTrials(request, ready, nothing, 0, nothing, nothing, nothing).workers() == wanted


@pytest.mark.slow
def test_two_workers_share_a_budget(farm, tmp_path):
    out = finish(start(SEARCH, *arguments(farm, 9, workers=2), cwd=tmp_path))
    study = study_of(tmp_path)
    assert study.spent() == 9
    assert "[9/9]" in out
    assert len({t.user_attrs["owner"] for t in study.optuna.trials}) == 2
    drawn = [json.dumps(m.record.configuration, sort_keys=True) for m in study.finished()]
    assert len(set(drawn)) == len(drawn)
    controls = [t.user_attrs["control"] for t in study.optuna.trials if "control" in t.user_attrs]
    assert len(set(controls)) == len(controls)
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    mirrored = client.search_runs([experiment], "tags.`sedkd.role` = 'trial'")
    assert sorted(int(run.data.tags["sedkd.trial"]) for run in mirrored) == sorted(
        t.number for t in study.optuna.trials
    )


@pytest.mark.slow
@pytest.mark.skipif(cores() < 2, reason="one core")
def test_a_search_of_many_trials_takes_a_worker_for_each_core(farm, tmp_path):
    out = finish(start(SEARCH, *arguments(farm, 12, steps=250), cwd=tmp_path))
    assert "note: 2 trials at once; --workers 1: one after the other" in out
    assert len({trial.user_attrs["owner"] for trial in study_of(tmp_path).optuna.trials}) == 2
    out = finish(start(SEARCH, *arguments(farm, 13, steps=250), cwd=tmp_path))  # one that is left
    assert "at once" not in out
    assert "[13/13]" in out


@pytest.mark.slow
def test_three_hard_kills_lose_nothing(farm, tmp_path):
    """Workers are killed at random moments: what had finished is there once, what was lost is tried once more."""
    trials, moments = 24, random.Random(0)
    process = start(SEARCH, *arguments(farm, trials, workers=2, steps=30), cwd=tmp_path)
    for kill in range(3):
        wait_until(lambda kill=kill: study_of(tmp_path).spent() > 2 * kill and workers_of(process), process)
        time.sleep(moments.uniform(0, 1.5))
        os.kill(moments.choice(workers_of(process)), signal.SIGKILL)
    out, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    assert out.count("died") == 3
    study = study_of(tmp_path)
    assert study.spent() == trials
    assert not [t for t in study.optuna.trials if t.state.name == "RUNNING"]
    drawn = [json.dumps(m.record.configuration, sort_keys=True) for m in study.finished()]
    assert len(set(drawn)) == len(drawn)
    lost = [t.number for t in study.optuna.trials if t.state.name == "FAIL"]
    retried = [t.user_attrs["retried"] for t in study.optuna.trials if "retried" in t.user_attrs]
    assert len(lost) <= 3
    begun = [t for t in map(study.optuna.trials.__getitem__, lost) if t.params]
    assert sorted(retried) == [t.number for t in begun if "retried" not in t.user_attrs]  # once, whatever becomes of it
    for trial in study.optuna.trials:
        if "retried" in trial.user_attrs:
            lost = study.optuna.trials[trial.user_attrs["retried"]]
            assert lost.params.items() <= trial.params.items()  # it may have been killed while it was drawn


@pytest.mark.slow
def test_ctrl_c_ends_all_within_seconds(farm, tmp_path):
    process = start(SEARCH, *arguments(farm, 200, workers=2), cwd=tmp_path)
    wait_until(lambda: study_of(tmp_path).spent() >= 2, process)
    workers = workers_of(process)
    assert len(workers) == 2
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same line continues" in errors
    assert "Traceback" not in errors
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert not [t for t in study_of(tmp_path).optuna.trials if t.state.name == "RUNNING"]
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    assert not client.search_runs([experiment], "status = 'RUNNING'")


@pytest.mark.slow
def test_workers_go_when_their_search_is_killed(farm, tmp_path):
    process = start(SEARCH, *arguments(farm, 200, workers=2), cwd=tmp_path)
    wait_until(lambda: study_of(tmp_path).spent() >= 1, process)
    workers = workers_of(process)
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.2)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    before = study_of(tmp_path).spent()
    finish(start(SEARCH, *arguments(farm, before + 1), cwd=tmp_path))
    assert study_of(tmp_path).spent() == before + 1
    assert not [t for t in study_of(tmp_path).optuna.trials if t.state.name == "RUNNING"]


@pytest.mark.slow
def test_a_workers_mistake_is_one_line(farm, tmp_path):
    space = "dimensions:\n  student.width: {type: int, low: 4, high: 4}\n  strategy: {type: choice, of: [none]}\n"
    (tmp_path / "one.yaml").write_text(space)
    process = start(SEARCH, *arguments(farm, 3, workers=2, space=tmp_path / "one.yaml"), cwd=tmp_path)
    said, errors = process.communicate(timeout=200)
    assert process.returncode == 2
    assert "widen the space or ask for fewer --trials" in errors
    assert "the front of 1 trial" in said  # what the other worker was at is not lost
    (member,) = study_of(tmp_path).finished()
    assert study_of(tmp_path).test_scores(member.number) is not None
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("bug", WorkerFailed, r"^KeyError: 'key' \(.*ending.py, line \d+\)$"),
        ("sys.exit", WorkerFailed, r"^SystemExit: enough \("),
        ("exit", UserError, r"^worker 0 ended itself with exit code 3"),
        pytest.param("signal", UserError, "again and again", marks=pytest.mark.slow),
    ],
)
def test_only_what_a_signal_ended_is_replaced(how, kind, message, monkeypatch, capfd):
    monkeypatch.setattr(search.run.workers, "REPLACEMENTS", 1)
    died = []
    crew = Processes(Ending(how), 1, lambda *_: None, lambda *who: died.append(who))
    with pytest.raises(kind, match=message) as caught:
        crew.run(lambda: False)
    assert died == ([(0, "SIGKILL")] * 2 if how == "signal" else [])
    assert "Traceback" not in capfd.readouterr().err
    if kind is WorkerFailed:
        assert "ending.py" in caught.value.traceback


def ended_by(farm, tmp_path, name: str, does: str) -> tuple[str, str]:
    """What a search prints, and its one line on stderr, whose strategy's file `does` something else in another process:
    it is imported there again."""
    head = "import multiprocessing\nfrom sedkd.distill.response import Strategy\nif multiprocessing.parent_process():\n"
    (tmp_path / f"{name}.py").write_text(head + does)
    (tmp_path / "own.yaml").write_text(f"dimensions:\n  strategy: {{type: choice, of: ['{name}:Strategy', none]}}\n")
    process = start(SEARCH, *arguments(farm, 9, workers=2, space=tmp_path / "own.yaml"), cwd=tmp_path)
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    (line,) = errors.strip().splitlines()
    return out, line


@pytest.mark.slow
def test_a_module_that_does_not_load_in_a_worker_is_one_line(farm, tmp_path):
    _, line = ended_by(farm, tmp_path, "ours", "    {}['key']\n")
    assert f"the module ours does not load: KeyError: 'key' ({tmp_path / 'ours.py'}, line 4)" in line


@pytest.mark.slow
def test_a_workers_bug_outside_of_a_trial_is_one_line(farm, tmp_path):
    out, line = ended_by(farm, tmp_path, "mine", "    import search.run.local\n    search.run.local.search = {}\n")
    place = re.escape(str(local.__file__))
    told = rf"error: a worker ended with TypeError: 'dict' object is not callable \({place}, line \d+\); traceback: "
    assert re.match(told, line)
    assert "TypeError" in Path(line.rpartition("traceback: ")[2]).read_text()
    assert "takes its place" not in out
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    assert not client.search_runs([client.get_experiment_by_name("sedkd-farm").experiment_id], "status = 'RUNNING'")


def test_a_worker_does_not_train_on_other_data_than_the_search_began_with(farm, tmp_path):
    """Labels that were mended meanwhile, say: its students would be none of the study."""
    request = request_of(parser().parse_args(arguments(farm, 1, workers=2)))
    ready = planned(request, lambda *_: None)
    study = open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives)
    for split in ("train", "validation"):
        table = farm / "farm" / f"{split}.tsv"
        table.write_text(table.read_text().replace("0.5", "0.6"))
    told = rf"{ready.name}: something changed since the search began; .*: recordings or their annotations"
    with pytest.raises(UserError, match=told):
        local._Work(request, ready.name, 0, 1, None)(0, Deaf())
    assert study.finished() == []


def test_one_that_takes_another_workers_place_has_no_time_of_its_own(farm, tmp_path):
    request = request_of(parser().parse_args(arguments(farm, 1, workers=2, timeout=3600)))
    ready = planned(request, lambda *_: None)
    study = open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives)
    threads = torch.get_num_threads()
    local._Work(request, ready.name, 0, threads, time.monotonic())(0, Deaf())  # the search's time is up
    assert study.optuna.trials == []
    local._Work(request, ready.name, 0, threads, time.monotonic() + 3600)(0, Deaf())
    assert len(study.finished()) == 1

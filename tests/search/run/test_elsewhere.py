"""Workers that a queue or a cluster starts."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from machines import begin, words_of
from postgres import Server, needs_postgres, server
from small_study import finish, write_farm

import search.run.elsewhere as elsewhere
import search.run.session as session
from search.cli.search import main
from search.run.cluster import Ended, Joining
from search.run.elsewhere import Elsewhere
from search.setup.resources import number, resources_of, whole
from search.study.opening import load_study
from search.study.records import KEPT, RESUMED, RETRIED
from search.study.store import Store
from search.study.view import StudyView
from sedkd.errors import UserError

JOINING = Joining(("worker",), {})
SCRATCH = """
dimensions:
  student.width: {type: int, low: 2, high: 8}
  strategy: {type: choice, of: [none]}
"""


class Scripted:
    """A cluster whose workers end as they are told, in order."""

    name = "nowhere"

    def __init__(self, *ends: Ended | None) -> None:
        self.ends, self.started, self.stopped = list(ends), 0, 0

    def start(self, joining: Joining, count: int) -> Sequence[Any]:
        self.started += count
        return range(count)

    def ended(self, worker: Any) -> Ended | None:
        return self.ends.pop(0)

    def stop(self, workers: Sequence[Any]) -> None:
        self.stopped = len(workers)


@pytest.fixture(autouse=True)
def quickly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "running" not in request.fixturenames:
        monkeypatch.setattr(elsewhere, "POLL_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("end", "by"), [(Ended(lost="NODE_FAIL"), "NODE_FAIL"), (Ended(130, "interrupted; ..."), "a signal")]
)
def test_a_worker_that_is_lost_is_replaced(end: Ended, by: str) -> None:
    died: list[tuple[int, str]] = []
    cluster = Scripted(Ended(), end, Ended())
    Elsewhere(cluster, JOINING, 2, lambda: None, lambda *told: died.append(told)).run(lambda: False)
    assert died == [(1, by)]
    assert cluster.started == 3


def test_workers_that_are_lost_again_and_again_end_the_search() -> None:
    cluster = Scripted(*[Ended(lost="NODE_FAIL")] * 9)
    with pytest.raises(UserError, match="workers on nowhere are lost again and again, the last one by NODE_FAIL"):
        Elsewhere(cluster, JOINING, 1, lambda: None, lambda *_: None).run(lambda: False)
    assert cluster.started == 4


def test_a_workers_mistake_ends_the_search_and_the_others() -> None:
    cluster = Scripted(Ended(2, "error: --join farm-1: what is here is another study"))
    with pytest.raises(UserError, match="a worker on nowhere ended with: --join farm-1: what is here is another study"):
        Elsewhere(cluster, JOINING, 2, lambda: None, lambda *_: None).run(lambda: False)
    assert cluster.stopped == 1


def test_who_stops_the_search_stops_its_workers() -> None:
    cluster = Scripted(None, None)
    asked = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        Elsewhere(cluster, JOINING, 2, lambda: None, lambda *_: None).run(lambda: next(asked))
    assert cluster.stopped == 2


def test_resources() -> None:
    found = resources_of("cpus=2, gpus=0.5,partition=long")
    assert found == {"cpus": "2", "gpus": "0.5", "partition": "long"}
    assert (number(found, "gpus", 0), whole(found, "cpus", 1), whole(found, "minutes", 240)) == (0.5, 2, 240)
    with pytest.raises(UserError, match=r"--resources gpus=0\.5: expected a whole number here"):
        whole(found, "gpus", 0)
    with pytest.raises(UserError, match="--resources partition=long: expected a number from 0"):
        number(found, "partition", 0)
    with pytest.raises(UserError, match="--resources gpus: expected NAME=VALUE"):
        resources_of("cpus=2,gpus")
    with pytest.raises(UserError, match="--resources: cpus is given twice, 1 and 2: keep one"):
        resources_of("cpus=1,cpus=2")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--executor", "slurm"], "--executor slurm: its workers need --storage postgresql://USER@HOST/DATABASE"),
        (["--executor", "ray", "--resources", "2"], "--resources 2: expected NAME=VALUE"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_begun(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--env", "street", "--store", str(tmp_path), *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--executor", "slurm"], 'Could not detect "srun"'),
        (["--executor", "slurm", "--resources", "gpus=0.5"], "--resources gpus=0.5: expected a whole number here"),
    ],
)
def test_what_slurm_refuses_is_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("submitit")
    storage = ["--storage", "postgresql://sedkd@127.0.0.1:1/none"]
    assert main(["--env", "street", "--store", str(tmp_path), *storage, *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said


def test_what_sbatch_does_not_know_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    from search.run.on_slurm import Slurm

    for word, message in (
        ("colour=red", "--resources colour=red: neither cpus, gpus, minutes nor an option of sbatch"),
        ("cpu=2", "--resources cpu=2: say cpus, which is of one job"),
        ("time=60", "--resources time=60: say minutes, which is of one job"),
        ("cpus-per-task=2", "--resources cpus-per-task=2: say cpus"),
    ):
        with pytest.raises(UserError, match=message):
            Slurm(tmp_path, resources_of(word), "local")


def test_sbatchs_own_options_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By sbatch's spelling, with what submitit has no name for; an sbatch of our own keeps the script."""
    pytest.importorskip("submitit")
    from search.run.cluster import Joining
    from search.run.on_slurm import Slurm

    kept = tmp_path / "kept.sh"
    for name, does in (("sbatch", f'cp "$1" {kept}; echo "Submitted batch job 12"'), ("srun", "true")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    text = "cpus=2,partition=short,mem-per-cpu=2G,reservation=week 48,licenses=ansys@2,setup=module load cuda"
    Slurm(tmp_path / "slurm", resources_of(text)).start(Joining(("--join", "farm"), {}), 1)
    script = kept.read_text()
    for line in (
        "--cpus-per-task=2",
        "--partition=short",
        "--mem-per-cpu=2G",
        "--reservation='week 48'",
        "--licenses=ansys@2",
    ):
        assert f"#SBATCH {line}\n" in script
    assert "\nmodule load cuda\n" in script


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as made:
        yield made


def until(found: Callable[[], Any], seconds: float = 400) -> Any:
    """What `found` finds, asked again until it is something."""
    latest = time.monotonic() + seconds
    while time.monotonic() < latest:
        answer = found()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not come")


def study_at(address: str, folder: Path) -> StudyView | None:
    try:
        return load_study(Store(folder / "look", address), "farm", None)
    except UserError:
        return None


def assert_lost_ones_were_retried(study: StudyView) -> None:
    lost = {trial.number for trial in study.optuna.trials if trial.state.name == "FAIL"}
    again = [trial for trial in study.optuna.trials if RETRIED in trial.user_attrs]
    assert {trial.user_attrs[RETRIED] for trial in again} == lost
    assert all(trial.state.name in ("COMPLETE", "PRUNED") for trial in again)  # or ended early


@needs_postgres
@pytest.mark.slow
def test_a_job_that_is_preempted_goes_on_with_its_trial(
    running: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On submitit's own executor for one machine: the same jobs, the same signal, no queue."""
    pytest.importorskip("submitit")
    from kept_often import KeptOften

    import search.run.on_slurm as on_slurm
    from search.run.on_slurm import Slurm

    address, farm = running.database("preempted"), write_farm(tmp_path)
    (tmp_path / "space.yaml").write_text(SCRATCH)
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    helpers = str(Path(__file__).parents[2] / "helpers")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([helpers, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(on_slurm, "Job", KeptOften)
    monkeypatch.setattr(session, "cluster_of", lambda _: Slurm(tmp_path / "slurm", {}, "local"))
    preempted: list[int] = []

    def preempt() -> None:
        study = until(lambda: study_at(address, tmp_path))
        until(lambda: [trial for trial in study.running() if KEPT in trial.user_attrs])
        jobs = subprocess.run(["pgrep", "-f", f"submitit.core._submit {tmp_path}"], capture_output=True, text=True)
        (job,) = map(int, jobs.stdout.split())
        preempted.append(job)
        subprocess.run(["kill", f"-{signal.SIGUSR2.value}", str(job)], check=True)

    other = threading.Thread(target=preempt)
    other.start()
    where = ["--store", str(tmp_path / "runs"), "--storage", address]
    long = ["--steps", "600", "--no-early-stopping"]
    assert main([*words_of(farm, 3, 1), *long, *where, "--executor", "slurm"]) == 0
    other.join()
    assert preempted
    study = load_study(Store(tmp_path / "three", address), "farm", None)
    assert study.spent() == 3
    assert not study.running()
    owners = {trial.user_attrs["owner"] for trial in study.optuna.trials if "owner" in trial.user_attrs}
    assert len(owners) >= 2  # the job's worker before, and after; one more where the lease outlives the other trials
    assert_lost_ones_were_retried(study)
    (again,) = (trial for trial in study.optuna.trials if RETRIED in trial.user_attrs)
    assert again.user_attrs[RESUMED] in (150, 300, 450)
    said = capsys.readouterr().out
    assert "[3/3]" in said
    assert f"resumed at step {again.user_attrs[RESUMED]}" in said
    secret = address.rpartition("@")[0].rpartition(":")[2].encode()
    assert not [path for path in (tmp_path / "slurm").rglob("*") if path.is_file() and secret in path.read_bytes()]


@needs_postgres
@pytest.mark.slow
def test_a_ray_node_that_dies_loses_its_trial_no_more(running: Server, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from ray_cluster import ray_cluster

    address, farm = running.database("ray"), write_farm(tmp_path)
    with ray_cluster(2) as cluster:
        words = [*words_of(farm, 20, 1), "--executor", "ray", "--workers", "2"]
        driver = begin("search.cli.search", words, tmp_path / "driver", address, RAY_ADDRESS=cluster.address)
        study = until(lambda: study_at(address, tmp_path))
        until(lambda: study.spent() >= 3)
        owners = until(lambda: [t.user_attrs["owner"] for t in study.running() if "owner" in t.user_attrs])
        cluster.kill_node_of(int(owners[0].rsplit("-", 2)[1]))
        said = finish(driver)
    assert study.spent() == 20
    assert not study.running()
    workers = {trial.user_attrs["owner"] for trial in study.optuna.trials if "owner" in trial.user_attrs}
    assert len(workers) >= 2
    assert_lost_ones_were_retried(study)
    assert "another takes its place" in said
    assert "[20/20]" in said


@pytest.mark.slow
def test_without_a_ray_cluster(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    words = ["--env", "street", "--executor", "ray"]
    with begin(
        "search.cli.search", words, tmp_path, "postgresql://sedkd@127.0.0.1:1/none", RAY_ADDRESS="auto"
    ) as driver:
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 2
    assert said.splitlines()[-1].startswith("error: --executor ray: no cluster was found; `ray start --head`")

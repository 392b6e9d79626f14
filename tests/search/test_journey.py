"""From recordings to detections in the commands that a person types, each in a process of its own."""

import csv
import io
import json
import math
import signal
import sqlite3
import time
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from small_study import arguments, finish, start

SEARCH, SEDKD = "search.cli.search", "search.cli.main"


def trials_of(root: Path) -> list[optuna.trial.FrozenTrial]:
    storage = optuna.storages.RDBStorage(f"sqlite:///{root.parent / 'runs' / 'optuna.db'}")
    summary = optuna.get_all_study_summaries(storage)[0]
    return optuna.load_study(study_name=summary.study_name, storage=storage).trials


def finished_in(root: Path) -> int:
    """Finished trials, read past Optuna so that a study in the making does not matter."""
    path = root.parent / "runs" / "optuna.db"
    if not path.exists():
        return 0
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as database:
        try:
            return database.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def wait_for(root: Path, count: int, process) -> None:
    for _ in range(1200):
        if finished_in(root) >= count:
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    raise AssertionError("the study did not get that far")


def test_search_front_export_detect_score(farm, tmp_path):
    store = str(tmp_path / "runs")
    out = finish(start(SEARCH, *arguments(farm, 5), cwd=tmp_path))
    assert "[5/5]" in out
    assert "SYNTHETIC" not in out

    front = json.loads(
        finish(start(SEDKD, "front", "--env", "farm", "--format", "json", "--store", store, cwd=tmp_path))
    )
    assert all("test_f1_segment" in row and "test_psds1" in row for row in front)
    assert [row["macs"] for row in front] == sorted(row["macs"] for row in front)
    quality = [row["f1_segment"] for row in front]
    assert quality == sorted(quality)

    check_mlflow(tmp_path / "runs", {row["trial"] for row in front})

    words = ("export", "--env", "farm", "--pick", "best", "--out", "best", "--store", store)
    assert "sedkd-farm@best" in finish(start(SEDKD, *words, cwd=tmp_path))
    assert {p.name for p in (tmp_path / "best").iterdir()} == {
        "model.onnx", "model.safetensors", "student.json", "README.md", "precision_recall.png", "calibration.png",
        "confusion.png",
    }  # fmt: skip
    assert "| data | recordings of your own folder" in (tmp_path / "best" / "README.md").read_text()
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    assert "best" in client.get_model_version_by_alias("sedkd-farm", "best").aliases

    clips = [str(farm / "farm" / "test" / f"{i}.wav") for i in range(4)]
    table = finish(start(SEDKD, "detect", "best", *clips, cwd=tmp_path))
    rows = list(csv.DictReader(io.StringIO(table), delimiter="\t"))
    assert table.startswith("filename\tonset\toffset\tevent_label\tconfidence\n")
    assert all(0 <= float(row["onset"]) < float(row["offset"]) <= 2.0 for row in rows)
    assert {row["event_label"] for row in rows} <= {"bell", "hum"}

    named = table.replace(str(farm / "farm" / "test") + "/", "")
    (tmp_path / "found.tsv").write_text(named)
    scored = json.loads(
        finish(start(SEDKD, "score", str(farm / "farm" / "test.tsv"), "found.tsv", "--format", "json", cwd=tmp_path))
    )
    picked = json.loads((tmp_path / "best" / "student.json").read_text())["provenance"]
    assert json.dumps(scored)
    assert picked["trial"] in {row["trial"] for row in front}


def check_mlflow(store: Path, front: set[int]) -> None:
    client = MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm")
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if run.data.tags["sedkd.role"] == "study"]
    children = [run for run in runs if run.data.tags["sedkd.role"] == "trial"]
    assert len(parents) == 1
    assert len(children) == 5
    assert parents[0].info.status == "FINISHED"
    assert {f.path for f in client.list_artifacts(parents[0].info.run_id)} == {"pareto.html", "front.csv", "study.json"}
    assert "teacher_f1_segment" in parents[0].data.metrics
    assert "teacher_test_f1_segment" in parents[0].data.metrics
    assert {int(r.data.tags["sedkd.trial"]) for r in children if r.data.tags["on_front"] == "true"} == front
    for run in children:
        assert run.data.tags["mlflow.parentRunId"] == parents[0].info.run_id
        assert run.data.tags["synthetic"] == "false"
        assert run.data.metrics["log10_flops"] == pytest.approx(math.log10(2 * run.data.metrics["macs"]))
        assert (run.data.metrics["pareto_rank"] == 1) == (run.data.tags["on_front"] == "true")
        assert len(client.get_metric_history(run.info.run_id, "curve_loss")) == 4
        assert ("test_f1_segment" in run.data.metrics) == (run.data.tags["on_front"] == "true")


@pytest.mark.slow
def test_a_killed_study_continues_and_loses_nothing(farm, tmp_path):
    process = start(SEARCH, *arguments(farm, 40), cwd=tmp_path)
    wait_for(farm, 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {t.number: t.values for t in trials_of(farm) if t.state.name == "COMPLETE"}

    out = finish(start(SEARCH, *arguments(farm, len(before) + 2), cwd=tmp_path))
    assert f"resumed  {len(before)} of {len(before) + 2}" in out
    trials = trials_of(farm)
    assert sum(t.state.name == "COMPLETE" for t in trials) == len(before) + 2
    assert not any(t.state.name == "RUNNING" for t in trials)
    assert {t.number: t.values for t in trials if t.number in before} == before
    drawn = [json.dumps(t.params, sort_keys=True) for t in trials if t.state.name == "COMPLETE"]
    assert len(set(drawn)) == len(drawn)

    out = finish(start(SEARCH, *arguments(farm, len(before) + 2), cwd=tmp_path))
    assert len(trials_of(farm)) == len(trials)
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm")
    mirrored = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'trial' and status = 'FINISHED'")
    assert sorted(int(r.data.tags["sedkd.trial"]) for r in mirrored) == sorted(
        t.number for t in trials if t.state.name == "COMPLETE"
    )


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished(farm, tmp_path):
    process = start(SEARCH, *arguments(farm, 40), cwd=tmp_path)
    wait_for(farm, 2, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same line continues" in errors
    assert "Traceback" not in errors
    states = [t.state.name for t in trials_of(farm)]
    assert states.count("COMPLETE") >= 2
    assert "RUNNING" not in states
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm")
    assert not client.search_runs([experiment.experiment_id], "status = 'RUNNING'")


@pytest.mark.slow
def test_budgets_and_other_objectives(farm, tmp_path):
    words = arguments(farm, 6, max_macs=95_000, objectives="f1_event,psds1,params")
    out = finish(start(SEARCH, *words, cwd=tmp_path))
    assert "[6/6]" in out
    assert "sampler: tpe" in out
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    (parent,) = client.search_runs([client.get_experiment_by_name("sedkd-farm").experiment_id], "tags.sampler = 'tpe'")
    assert parent.info.status == "FINISHED"
    trials = trials_of(farm)
    done = [t for t in trials if t.state.name == "COMPLETE"]
    assert len(done) == 6
    for trial in done:
        measures = trial.user_attrs["record"]["measures"]
        assert measures["macs"] <= 95_000
        assert trial.values == [measures["f1_event"], measures["psds1"], pytest.approx(math.log10(measures["params"]))]
    refused = [t for t in trials if t.state.name == "PRUNED"]
    assert refused  # wider and deeper draws are over the budget
    assert all(t.user_attrs["infeasible"] and "record" not in t.user_attrs for t in refused)

    out = finish(start(SEARCH, *words, "--timeout", "0.000001", "--trials", "50", cwd=tmp_path))
    assert "resumed  6 of 50" in out
    assert sum(t.state.name == "COMPLETE" for t in trials_of(farm)) == 6

"""A test split, or a validation split, in which nothing happens."""

import json
import re
from pathlib import Path

import pytest
from mlflow import MlflowClient
from small_study import arguments, write_farm

from search.cli import main, search

NOTE = "test holds none of the events: what cannot be computed there is '-'"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The farm with a test split of negatives only, and a study over it."""
    root = write_farm(tmp_path_factory.mktemp("quiet"))
    (root / "farm" / "test.tsv").write_text("filename\tonset\toffset\tevent_label\n0.wav\n1.wav\n2.wav\n3.wav\n")
    assert search.main(arguments(root, 2)) == 0
    return root


@pytest.mark.slow
def test_the_front_is_shown_with_dashes(quiet, tmp_path, capsys):
    store = ["--env", "farm", "--store", str(quiet.parent / "runs")]
    assert search.main(arguments(quiet, 2)) == 0  # the same line once more, for what it shows
    out = capsys.readouterr().out
    assert f"note: {NOTE}" in out
    assert re.search(r"teacher: f1_segment validation 0\.\d+, test - ", out)
    assert main.main(["front", *store]) == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if re.match(r"│? *\d+ ", line)]
    assert rows
    assert all("-" in row for row in rows)
    assert NOTE in out
    assert main.main(["front", *store, "--format", "json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert [row[f"test_{name}"] for name in ("f1_segment", "f1_event", "psds1", "psds2")] == [None] * 4
        assert row["f1_segment"] is not None
    page = tmp_path / "page.html"
    assert main.main(["report", *store, "--out", str(page)]) == 0
    html = page.read_text()
    assert "Note: test holds none of the events" in html
    assert "(- on test)" in html
    assert main.main(["export", *store, "--out", str(tmp_path / "bundle")]) == 0
    card = (tmp_path / "bundle" / "README.md").read_text()
    assert re.search(r"\| psds1 \| - \| - \|", card)


def test_mlflow_is_told_what_can_be_computed(quiet):
    client = MlflowClient(f"sqlite:///{quiet.parent / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    for run in client.search_runs([experiment], "tags.`sedkd.role` = 'trial'"):
        assert "f1_segment" in run.data.metrics
        assert not {"test_f1_segment", "test_f1_event", "test_psds1"} & set(run.data.metrics)


@pytest.mark.slow
def test_a_comparison_is_told_as_far_as_it_goes(quiet, capsys):
    words = ["compare", *arguments(quiet, 2)]
    del words[words.index("--trials") : words.index("--trials") + 2]
    assert main.main([*words, "--architecture", "separable 4x2", "--seeds", "1", "--steps", "2"]) == 0
    out = capsys.readouterr().out
    assert NOTE in out
    assert "not computable" in out
    (path,) = (quiet.parent / "runs" / "comparisons").glob("*/comparison.json")
    result = json.loads(path.read_text())
    assert {pair["f1_segment"]["verdict"] for pair in result["pairs"]} == {"not computable"}
    assert all(arm["test"]["psds1"]["mean"] is None for arm in result["arms"])


@pytest.mark.parametrize(("events", "kept"), [("bell", "hum"), ("bell,hum", "")])
def test_validation_without_the_events_ends_before_anything_is_trained(farm, capsys, events, kept):
    table = farm / "farm" / "validation.tsv"
    lines = table.read_text().splitlines()
    names = sorted({line.split("\t")[0] for line in lines[1:]})
    rows = [line for line in lines[1:] if kept and line.endswith(kept)]
    table.write_text("\n".join([lines[0], *names, *rows]) + "\n")
    words = arguments(farm, 2, events=events, teacher="crnn")
    assert search.main(words) == 2
    shown = capsys.readouterr()
    assert "training the teacher" not in shown.out
    (line,) = shown.err.strip().splitlines()
    assert f"validation of farm holds none of the events ({events.replace(',', ', ')})" in line
    assert not (farm.parent / "runs" / "optuna.db").exists()

"""A study goes on when its test split changes, since nothing was learnt from it; its test scores do not."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from small_study import arguments

from search.cli import main as sedkd
from search.cli import search
from search.study.opening import load_study
from search.study.scores import TEST_FILE
from search.study.store import open_store
from search.study.view import StudyView
from sedkd.data.events import read_annotations
from sedkd.score.f1 import segment_f1

STORE = "runs"


def study_of(farm: Path) -> StudyView:
    return load_study(open_store(str(farm.parent / STORE)), "farm", None)


def test_scores_are_of_the_test_split_that_is_there(farm: Path, tmp_path: Path, capsys) -> None:
    assert search.main(arguments(farm, 1)) == 0
    study = study_of(farm)
    before, taught = study.test_scores(0), study.teacher_scores()["test"]
    table = farm / "farm" / "test.tsv"
    swapped = table.read_text().replace("bell", "x").replace("hum", "bell").replace("x", "hum")
    table.write_text(swapped)
    capsys.readouterr()
    assert search.main(arguments(farm, 2)) == 0
    assert "the test split has changed since one student had been scored on it" in " ".join(
        capsys.readouterr().out.split()
    )
    after = study_of(farm)
    assert after.name == study.name
    assert after.teacher_scores()["test"].split == after.test_scores(0).split != before.split
    assert after.teacher_scores()["test"].per_class != taught.per_class

    store = ["--env", "farm", "--store", str(farm.parent / STORE)]
    out = tmp_path / "first"
    assert sedkd.main(["export", *store, "--pick", "trial:0", "--out", str(out)]) == 0
    detected = tmp_path / "found.tsv"
    clips = sorted(str(path) for path in (farm / "farm" / "test").glob("*.wav"))
    assert sedkd.main(["detect", str(out), *clips, "--out", str(detected)]) == 0
    found = {Path(name).name: events for name, events in read_annotations(detected).items()}
    by_hand = segment_f1(read_annotations(table), found, dict.fromkeys(read_annotations(table), 2.0)).macro
    assert after.test_scores(0).values["f1_segment"] == pytest.approx(by_hand)
    client = MlflowClient(after.store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`sedkd.trial` = '0'")
    assert run.data.metrics["test_f1_segment"] == pytest.approx(by_hand)

    kept = (after.trial_folder(0) / TEST_FILE).stat()
    capsys.readouterr()
    assert search.main(arguments(farm, 2)) == 0
    assert "scored anew" not in capsys.readouterr().out
    assert (after.trial_folder(0) / TEST_FILE).stat() == kept


def test_another_recording_of_the_same_name_is_another_split(farm: Path, capsys) -> None:
    assert search.main(arguments(farm, 1)) == 0
    before = study_of(farm).test_scores(0)
    clips = farm / "farm" / "test"
    (clips / "0.wav").write_bytes((farm / "yard" / "test" / "0.wav").read_bytes())
    assert search.main(arguments(farm, 1)) == 0
    assert "has changed since one student" in " ".join(capsys.readouterr().out.split())
    assert study_of(farm).test_scores(0).split != before.split


def test_what_an_earlier_version_scored_is_scored_once_more(farm: Path, capsys) -> None:
    assert search.main(arguments(farm, 1)) == 0
    study = study_of(farm)
    path = study.trial_folder(0) / TEST_FILE
    scores = json.loads(path.read_text())
    path.write_text(json.dumps({key: scores[key] for key in ("values", "per_class")}))
    assert search.main(arguments(farm, 1)) == 0
    assert "one student had been scored was not written down" in " ".join(capsys.readouterr().out.split())
    assert json.loads(path.read_text()) == scores

"""A store that was copied to another folder is a store of its own."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from invented_study import invented_study
from mlflow import MlflowClient

from search.study.objectives import Objectives
from search.study.store import Store
from search.study.view import StudyView
from search.tracking.client import quiet_client
from search.tracking.tracker import Tracker

MORE = """
import sys
from pathlib import Path
from search.study.store import Store
from search.tracking.client import quiet_client
client = quiet_client(Store(Path(sys.argv[1])))
(experiment,) = [one for one in client.search_experiments() if one.name.startswith("sedkd-")]
(run,) = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'study'")
client.log_text(run.info.run_id, "more", "more.txt")
"""
F1_MACS = Objectives(("f1_segment", "macs"))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyView:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    study = invented_study(F1_MACS, 3, store=Store(tmp_path / "first"), environment="a farm, ü")
    Tracker(study).close("FINISHED")
    return study


@pytest.mark.parametrize("place", ["copied", "a %20 place, ü"])
def test_a_copy_names_its_own_files_and_writes_nowhere_else(study: StudyView, tmp_path: Path, place: str) -> None:
    first, copied = study.store.root, tmp_path / place
    shutil.copytree(first, copied)
    shutil.rmtree(first)
    # Another process, as in life: MLflow keeps in this one where it found a run's files.
    words = [sys.executable, "-c", MORE, str(copied)]
    subprocess.run(words, check=True, capture_output=True, text=True)
    client = MlflowClient(Store(copied).mlflow_uri)
    (experiment,) = [one for one in client.search_experiments() if one.name.startswith("sedkd-")]
    (run,) = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'study'")
    place = Path(url2pathname(urlsplit(run.info.artifact_uri).path))
    assert place.is_relative_to(copied)
    assert sorted(file.name for file in place.iterdir()) == ["front.csv", "more.txt", "pareto.html", "study.json"]
    assert not first.exists()


def test_a_store_that_stayed_is_not_written_to(study: StudyView) -> None:
    def contents() -> list[str]:
        with sqlite3.connect(study.store.mlflow_file) as database:
            return list(database.iterdump())

    before = contents()
    quiet_client(study.store)
    assert contents() == before

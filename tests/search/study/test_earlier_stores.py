"""A store of an earlier version opens: `tests/stores/COMMIT.tar.xz` was written by that commit's own `sedkd-search
--confirm 1` over four trials, and `front.json` in it by its own `sedkd front --format json`."""

import json
import tarfile
from pathlib import Path

import pytest
from mlflow import MlflowClient

from search.cli.main import main
from search.study.opening import load_study
from search.study.store import Store
from sedkd.models.checkpoint import load_model

STORES = sorted((Path(__file__).parents[2] / "stores").glob("*.tar.xz"))


@pytest.mark.parametrize("packed", STORES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def test_it_opens(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    where = ("--env", "farm", "--store", str(tmp_path))
    assert main(["front", *where, "--format", "json"]) == 0
    then, now = json.loads((tmp_path / "front.json").read_text()), json.loads(capsys.readouterr().out)
    assert [{name: row[name] for name in old} for row, old in zip(now, then, strict=True)] == then

    study = load_study(Store(tmp_path), "farm", None)
    (best,) = [trial for trial in study.finished() if trial.number == 0]
    assert best.record.control == "scratch"
    assert len(best.record.post.thresholds) == len(best.record.per_class) == 2
    assert load_model(study.student_path(0)).parameters()
    assert study.confirmed(0).seeds == 3  # type: ignore[union-attr]
    assert set(study.teacher_scores()) == {"validation", "test"}

    assert main(["report", *where, "--out", str(tmp_path / "page.html")]) == 0
    assert "scratch" in (tmp_path / "page.html").read_text()
    assert main(["sync", *where]) == 0
    client = MlflowClient(study.store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    assert len(client.search_runs([experiment], "tags.`sedkd.role` = 'trial'")) == 4

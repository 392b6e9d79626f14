"""A search that trains its front with a second seed, on a small real study."""

import json
from pathlib import Path

import pytest
from bands import same, weights
from mlflow import MlflowClient
from small_study import arguments, write_farm

from search.cli import main, search
from search.cli.search import parser, request_of
from search.pareto import luck
from search.pareto.front import front
from search.setup.request import planned
from search.study.opening import load_study
from search.study.store import open_store
from search.trials.further import SECOND_SEED
from sedkd.models.checkpoint import load_model
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import run_trial

TRIALS = 10


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_farm(tmp_path_factory.mktemp("run"))


def test_from_the_search_to_the_export(
    farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(luck, "FEWEST_TRIALS", TRIALS)
    words, store = arguments(farm, TRIALS, store=tmp_path / "runs"), tmp_path / "runs"
    assert search.main(words) == 0
    out = " ".join(capsys.readouterr().out.split())
    study = load_study(open_store(str(store)), "farm", None)
    seconds = [trial for trial in study.trained() if trial.record.second_seed_of is not None]
    twice = [member for member in study.finished() if member.seeds == 2]
    assert seconds
    assert [m.number for m in twice] == sorted({s.record.second_seed_of for s in seconds})
    assert min(s.number for s in seconds) >= luck.SECOND_FROM * TRIALS
    assert study.spent() == TRIALS
    assert f"[{TRIALS}/{TRIALS}]" in out
    assert f"trial {twice[0].number} with a second seed" in out

    second = seconds[0]
    plan = planned(request_of(parser().parse_args(words)), lambda *_: None).plan
    settings = plan.base.__class__(**{**vars(plan.base), "seed": plan.base.seed + SECOND_SEED})
    alone = run_trial(from_flat(second.record.configuration, settings), plan.task)
    assert same(weights(alone.student), weights(load_model(study.student_path(second.number))))
    first = next(m for m in twice if m.number == second.record.second_seed_of)
    own = [record.measures["f1_segment"] for record in (first.record, second.record)]
    assert first.measure("f1_segment") == pytest.approx(sum(own) / 2)

    client = MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    (run,) = client.search_runs([experiment], f"tags.`sedkd.trial` = '{second.number}'")
    assert run.data.tags["second_seed_of"] == str(first.number)
    assert run.data.tags["on_front"] == "false"
    (run,) = client.search_runs([experiment], f"tags.`sedkd.trial` = '{first.number}'")
    assert run.data.metrics["mean_f1_segment"] == pytest.approx(first.measure("f1_segment"))

    assert main.main(["front", "--env", "farm", "--store", str(store), "--format", "json"]) == 0
    rows = {row["trial"]: row for row in json.loads(capsys.readouterr().out)}
    on_front = [m for m in front(study.finished(), study.objectives) if m.seeds == 2]
    assert on_front
    for member in on_front:
        assert rows[member.number]["seeds"] == 2
        assert rows[member.number]["f1_segment"] == pytest.approx(member.measure("f1_segment"))
    told = f"{', '.join(str(m.number) for m in on_front)} are means of two seeds"
    assert told in out
    page = tmp_path / "page.html"
    assert main.main(["report", "--env", "farm", "--store", str(store), "--out", str(page)]) == 0
    assert told in page.read_text()
    assert f"{len(study.trained())} finished trials" in page.read_text()

    member = on_front[0]
    export = ["export", "--env", "farm", "--pick", f"trial:{member.number}", "--out", str(tmp_path / "out")]
    assert main.main([*export, "--store", str(store)]) == 0
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"score f1_segment {member.measure('f1_segment'):.3f} there in the mean" in card
    assert f"{member.record.measures['f1_segment']:.3f}" in card

    count = len(study.optuna.trials)
    assert search.main(words) == 0
    assert len(load_study(open_store(str(store)), "farm", None).optuna.trials) == count

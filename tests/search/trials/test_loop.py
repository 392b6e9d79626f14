"""The search loop on a small real study: what costs nothing, what does not count, and when it ends."""

import json
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from small_study import arguments, quick_search, write_farm

from search.cli import search
from search.study.opening import load_study
from search.study.records import FinishedTrial
from search.study.store import open_store
from search.study.trial_record import FinishedRecord
from search.trials.repeats import Repeats

FINITE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.head: {type: choice, of: [none, gru]}
  strategy: {type: choice, of: [none]}
"""


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_farm(tmp_path_factory.mktemp("run"))


def searched(farm: Path, tmp_path: Path, trials: int, *more: str, space: str | None = None) -> optuna.Study:
    words = arguments(farm, trials, store=tmp_path / "runs")
    if space:
        (tmp_path / "space.yaml").write_text(space)
        words += ["--space", str(tmp_path / "space.yaml")]
    assert search.main([*words, *more]) == 0
    return load_study(open_store(str(tmp_path / "runs")), "farm", None)


@pytest.mark.slow
def test_what_was_trained_is_answered_and_does_not_count(farm, tmp_path, capsys):
    study = searched(farm, tmp_path, 4, space=FINITE)
    members = study.finished()
    assert len(members) == 4  # all that the space holds
    assert len({json.dumps(m.record.configuration, sort_keys=True) for m in members}) == 4
    assert "[4/4]" in capsys.readouterr().out

    words = [*arguments(farm, 5, store=tmp_path / "runs"), "--space", str(tmp_path / "space.yaml")]
    assert search.main(words) == 2
    said, error = capsys.readouterr()
    assert "the last 100 draws were all trained before; widen the space or ask for fewer --trials" in error
    assert "the front of 4 trials" in said
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    answered = [t for t in study.optuna.trials if "answered" in t.user_attrs]
    assert len(answered) >= 100
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    (parent,) = client.search_runs([experiment], "tags.`sedkd.role` = 'study'")
    assert parent.info.status == "FAILED"
    for trial in answered:
        assert trial.values == study.optuna.trials[trial.user_attrs["answered"]].values
    assert len(study.finished()) == 4


@pytest.mark.slow
def test_noise_trains_them_again_with_new_seeds(farm, tmp_path):
    study = searched(farm, tmp_path, 7, "--noise", space=FINITE)
    members = study.finished()
    assert len(members) == 7
    seeds: dict[str, list[int]] = {}
    for member in members:
        seeds.setdefault(json.dumps(member.record.configuration, sort_keys=True), []).append(member.record.seed)
    assert any(len(found) > 1 for found in seeds.values())
    assert all(len(set(found)) == len(found) and found[0] == 0 for found in seeds.values())


@pytest.mark.slow
def test_patience_ends_a_search_whose_front_no_longer_gains(farm, tmp_path, capsys):
    study = searched(farm, tmp_path, 40, "--patience", "3", "--no-early-stopping")
    assert 4 <= len(study.finished()) < 40
    assert "last gain 3 trials ago" in capsys.readouterr().out


def test_limits_are_kept_and_cost_nothing(farm, tmp_path):
    study = searched(farm, tmp_path, 4, "--max-params", "400", "--max-bytes", "3000", "--max-latency-ms", "1000")
    members = study.finished()
    assert len(members) == 4
    assert all(m.measure("params") <= 400 and m.measure("bytes") <= 3000 for m in members)
    refused = [t for t in study.optuna.trials if t.user_attrs.get("infeasible")]
    assert refused
    assert all(t.state.name == "PRUNED" and not t.intermediate_values for t in refused)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--max-params=3", "--max-params 3: the space's smallest student needs 222 parameters"),
        ("--max-bytes=3", "--max-bytes 3: the space's smallest student needs"),
        ("--max-latency-ms=0.000001", "--max-latency-ms 1e-06: the space's smallest student needs"),
    ],
)
def test_limits_that_nothing_keeps(farm, tmp_path, capsys, option, message):
    assert search.main([*arguments(farm, 2, store=tmp_path / "runs"), option]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_early_stopping_is_recorded_and_can_be_switched_off(farm, tmp_path, capsys):
    study = searched(farm, tmp_path, 14)
    early = [t for t in study.optuna.trials if "stopped" in t.user_attrs]
    assert len(study.finished()) + len(early) == 14
    assert early
    for trial in early:
        record = trial.user_attrs["stopped"]
        assert trial.state.name == "PRUNED"
        assert trial.values is None
        assert record["rung"] in ("full@0.5", "full@0.75")
        assert trial.user_attrs[f"rung {record['rung']}"] == record["score"]
        assert record["curve"][-1]["score"] == record["score"]
        assert "control" not in trial.user_attrs
    assert f"{len(early)} of the trials were ended early" in capsys.readouterr().out

    study = searched(farm, tmp_path / "whole", 10, "--no-early-stopping")
    assert len(study.finished()) == 10
    assert not any(key.startswith("rung") for t in study.optuna.trials for key in t.user_attrs)


@pytest.mark.slow
def test_several_environments_in_one_line(farm, tmp_path, capsys):
    words = arguments(farm, 2, store=tmp_path / "runs", env="farm,yard")
    assert search.main(words) == 0
    out = capsys.readouterr().out
    assert "study farm-" in out
    assert "study yard-" in out
    assert "all studies" in out
    store = open_store(str(tmp_path / "runs"))
    assert all(len(load_study(store, name, None).finished()) == 2 for name in ("farm", "yard"))
    for env, message in (
        ("farm,barn", "no environment 'barn'; there are: farm, yard"),
        ("farm,farm", "expected one environment, several different ones joined by commas, or all"),
    ):
        assert search.main(arguments(farm, 2, store=tmp_path / "runs", env=env)) == 2
        assert message in capsys.readouterr().err


def test_repeats_are_found_by_what_is_trained():
    members = [
        FinishedTrial(i, (), FinishedRecord(configuration=c)) for i, c in enumerate([{"a": 1, "b": 2.5}, {"a": 1}])
    ]
    repeats = Repeats()
    assert repeats.of({"b": 2.5, "a": 1}, members).number == 0
    assert repeats.of({"a": 1}, members).number == 1
    assert repeats.of({"a": 2}, members) is None


def test_a_trial_whose_record_is_written_has_finished_whatever_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, tell = write_farm(tmp_path), optuna.Study.tell
    calls: list[int] = []

    def interrupted(self, trial, values=None, **how):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return tell(self, trial, values, **how)

    monkeypatch.setattr(optuna.Study, "tell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        quick_search(arguments(root, 1))
    monkeypatch.setattr(optuna.Study, "tell", tell)
    study, _ = quick_search(arguments(root, 1))
    ended = [trial.state.name for trial in study.optuna.get_trials() if trial.state.is_finished()]
    assert ended == ["COMPLETE"]  # it is not trained once more

"""Whatever ends a search or a comparison, nothing is left that looks as if it were running."""

import os
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from mlflow import MlflowClient
from optuna.trial import TrialState
from small_study import arguments, write_farm

import search.run.session as session
from search.cli import search
from search.pareto.front import front
from search.space.space import Space
from search.study.opening import load_studies, load_study
from search.study.records import OWNER
from search.study.store import open_store
from search.tracking.tracker import Tracker
from sedkd.errors import UserError
from sedkd.train.fit import TrainingDiverged


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_farm(tmp_path_factory.mktemp("endings"))


def states(farm: Path) -> tuple[list[str], str]:
    """Of the trials in Optuna, and of the study's run in MLflow."""
    study = load_study(open_store(str(farm.parent / "runs")), "farm", None)
    client = MlflowClient(f"sqlite:///{farm.parent / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
    assert not client.search_runs([experiment], "status = 'RUNNING'")
    (parent,) = client.search_runs([experiment], "tags.`sedkd.role` = 'study'")
    return [t.state.name for t in study.optuna.trials], parent.info.status


STEPS = (
    (session, "teacher_on_validation"),
    (Tracker, "begin"),
    (session, "begin"),
    (Space, "suggest"),  # a trial has been asked for
    (session, "confirm"),
    (session, "score_on_test"),
)


@pytest.mark.slow
def test_every_end_is_told(farm: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    errors = (KeyError("x"), SystemExit(3), UserError("no"), KeyboardInterrupt(), ZeroDivisionError(), OSError("disk"))
    for number, ((where, name), error) in enumerate(zip(STEPS, errors, strict=True)):

        def fails(*_, error=error, **__):
            raise error

        words = arguments(farm, 1 + number // 4)
        with monkeypatch.context() as patch:
            patch.setattr(where, name, fails)
            if isinstance(error, KeyboardInterrupt):
                assert search.main(words) == 130
            elif isinstance(error, UserError):
                assert search.main(words) == 2
            else:
                with pytest.raises(type(error)):
                    search.main(words)
        found, status = states(farm)
        assert "RUNNING" not in found, name
        assert status == ("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"), name
    assert search.main(arguments(farm, 2)) == 0
    assert states(farm)[1] == "FINISHED"


def test_one_that_cannot_be_confirmed_does_not_keep_the_others(farm: Path, monkeypatch, capsys) -> None:
    import search.trials.confirmation as confirmation

    assert search.main(arguments(farm, 3)) == 0
    study = load_study(open_store(str(farm.parent / "runs")), "farm", None)
    on_front = front(study.finished(), study.objectives)
    real, first = confirmation._counts, max(on_front, key=lambda m: m.measure("f1_segment")).number

    def counts(study, plan, member, progress):
        if member.number == first:
            raise TrainingDiverged("the loss became nan before step 3")
        return real(study, plan, member, progress)

    monkeypatch.setattr(confirmation, "_counts", counts)
    assert search.main([*arguments(farm, 3), "--confirm", "9"]) == 0
    assert f"trial {first} could not be confirmed: the loss became nan before step 3" in capsys.readouterr().out
    told = {m.number: study.confirmed(m.number) for m in on_front}
    assert [number for number, found in told.items() if found is None] == [first]
    assert states(farm)[1] == "FINISHED"


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 3000])
def test_a_student_that_is_gone_does_not_keep_the_others_from_their_scores(tmp_path, capsys, left) -> None:
    """Its file is not there, or only the first bytes of it are."""
    words = arguments(write_farm(tmp_path), 4)
    assert search.main(words) == 0
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    gone, *others = front(study.finished(), study.objectives)
    for member in (gone, *others):
        (study.trial_folder(member.number) / "test.json").unlink()
        for kept in ("curves.json", "heard.json"):
            (study.trial_folder(member.number) / kept).unlink(missing_ok=True)
    if left:
        os.truncate(study.student_path(gone.number), left)
    else:
        study.student_path(gone.number).unlink()
    capsys.readouterr()
    assert search.main(words) == (2 if left else 0)
    said = " ".join(capsys.readouterr().out.split())
    assert said.count(f"trial {gone.number}: its student is gone") == 1
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    assert study.test_scores(gone.number) is None
    assert all(study.test_scores(member.number) is not None for member in others)


def test_a_comparisons_run_is_there_whole_or_not_at_all(farm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from search.show.comparison_table import SCORES
    from search.tracking.comparison import log_comparison

    scores = {name: {"mean": 0.5, "sd": 0.1} for name in SCORES}
    result = {
        "comparison": "farm-abc", "environment": "farm", "synthetic": False, "data": "/x", "architecture": "conv 4x2",
        "strategy": "response", "seeds": 1, "steps": 2, "recordings": 4, "pairs": [],
        "labelled": {"used": 6, "of": 6}, "events": ["bell", "hum"],
        "teachers": [{"origin": "a test", "values": dict.fromkeys(SCORES, 0.5)}],
        "arms": [{"name": "scratch", "test": scores}],
    }  # fmt: skip
    store, file = open_store(str(farm.parent / "compared")), farm.parent / "numbers.json"
    file.write_text("{}")

    def runs() -> list[tuple[str, str]]:
        client = MlflowClient(store.mlflow_uri)
        experiment = client.get_experiment_by_name("sedkd-farm").experiment_id
        return [(r.info.run_id, r.info.status) for r in client.search_runs([experiment])]

    for error in (KeyError("x"), KeyboardInterrupt(), SystemExit(3)):

        def fails(*_, error=error, **__):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, "log_artifact", fails)
            with pytest.raises(type(error)):
                log_comparison(result, [file], store)
        assert runs() == []
    log_comparison(result, [file], store)
    before = runs()
    assert [status for _, status in before] == ["FINISHED"]
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", fails)
        with pytest.raises(SystemExit):
            log_comparison(result, [file], store)
    assert runs() == before  # what was there stays
    log_comparison(result, [file], store)
    assert [status for _, status in runs()] == ["FINISHED"]


@pytest.mark.slow
def test_the_time_is_one_for_the_whole_search(tmp_path: Path) -> None:
    """Also where it waits for another process's trial."""
    words = arguments(write_farm(tmp_path), 40)
    assert search.main([*words, "--timeout", "0.001"]) == 0
    store = open_store(str(tmp_path / "runs"))
    study = load_studies(store, "farm", None)[0]
    released: list[datetime] = []

    def hold() -> None:
        with store.storage.owner() as owner:
            trial = study.optuna.ask()
            trial.set_user_attr(OWNER, owner)
            holds.set()
            time.sleep(15)
            released.append(datetime.now())
            study.optuna.tell(trial, state=TrialState.FAIL)

    holds = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    assert holds.wait(30)
    assert search.main([*words, "--timeout", "2"]) == 0
    other.join()
    trials = load_studies(store, "farm", None)[0].optuna.trials
    assert not [t.number for t in trials if t.datetime_start and t.datetime_start > released[0]]

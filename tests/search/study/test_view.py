"""A study as one object: what is remembered of its trials is read back as it was written."""

from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from invented_study import invented_study

from search.study.objectives import Objectives
from search.study.opening import load_studies
from search.study.records import REASON, RECORD, FinishedTrial
from search.study.store import Store
from search.study.trial_record import FinishedRecord, StoppedRecord
from sedkd.errors import UserError
from sedkd.score.postprocess import PostProcessing

F1_MACS = Objectives(("f1_segment", "macs"))


def test_trials_are_counted_by_how_they_ended() -> None:
    study = invented_study(F1_MACS, 5, stopped=2)
    assert [trial.number for trial in study.finished()] == [0, 1, 2, 3, 4]
    assert [(trial.number, trial.record.rung) for trial in study.ended_early()] == [(5, "full@0.5"), (6, "full@0.5")]
    study.optuna.ask()
    study.optuna.add_trial(optuna.trial.create_trial(values=[0.5, 6.0]))  # answered from another's result
    assert (study.spent(), study.taken(), len(study.running())) == (7, 8, 1)


def test_why_nothing_has_finished() -> None:
    study = invented_study(F1_MACS, 0, stopped=1)
    with pytest.raises(UserError, match=r"^study farm-123abc has no finished trial yet; let the search run on$"):
        study.require_finished()
    for reason in ("out of memory", "no space left", "interrupted"):
        failed = optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL, user_attrs={REASON: reason})
        study.optuna.add_trial(failed)
    said = "has no finished trial yet: 2 trials failed, the last one because of: no space left; mend that, and"
    with pytest.raises(UserError, match=said):
        study.require_finished()
    assert len(invented_study(F1_MACS, 3).require_finished()) == 3


def test_what_others_add_is_seen() -> None:
    study = invented_study(F1_MACS, 2)
    assert len(study.finished()) == 2
    added = replace(study.finished()[0].record, measures={"f1_segment": 1.0, "macs": 10.0})
    study.optuna.add_trial(optuna.trial.create_trial(values=[1.0, 1.0], user_attrs={RECORD: added.to_json()}))
    assert study.finished()[2].measure("f1_segment") == 1.0


def test_a_second_seed_is_part_of_the_first_ones_student() -> None:
    study = invented_study(F1_MACS, 3)
    first = study.finished()[1]
    measures = {**first.record.measures, "f1_segment": first.measure("f1_segment") - 0.1}
    again = replace(first.record, measures=measures, second_seed_of=1)
    study.optuna.add_trial(optuna.trial.create_trial(values=[0.0, 0.0], user_attrs={RECORD: again.to_json()}))
    students = study.finished()
    assert [(trial.number, trial.seeds) for trial in students] == [(0, 1), (1, 2), (2, 1)]
    assert students[1].measure("f1_segment") == pytest.approx(first.measure("f1_segment") - 0.05)
    assert students[1].values == pytest.approx((first.values[0] - 0.05, first.values[1]))
    assert students[1].record == first.record  # what is kept is the first seed's
    assert [trial.number for trial in study.trained()] == [0, 1, 2, 3]
    assert study.spent() == study.taken() == 4


def test_what_one_seed_alone_has_is_no_mean() -> None:
    record = FinishedRecord(measures={"f1_segment": 0.6, "macs": 10.0, "psds1": 0.2})
    other = FinishedRecord(measures={"f1_segment": 0.4, "macs": 10.0})
    found = FinishedTrial(0, (0.6, 1.0), record).with_again((other,), F1_MACS)
    assert found.measures == {"f1_segment": pytest.approx(0.5), "macs": 10.0, "psds1": 0.2}


def test_records_are_read_as_they_were_written() -> None:
    curve = [{"step": 75, "steps": 150, "loss": 1.0, "score": 0.4, "seconds": 3.0}]
    finished = FinishedRecord(
        configuration={"student.width": 8}, measures={"macs": 5.0}, curve=curve, control="scratch", seconds=4.0,
        values=[0.5, 0.7], per_class={"bell": {"f1_event": None}}, support={"bell": 3},
        post=PostProcessing((0.5,), (7,)), seed=3,
    )  # fmt: skip
    assert FinishedRecord.from_json(finished.to_json()) == finished
    stopped = StoppedRecord(measures={"macs": 5.0}, curve=curve, rung="full@0.5", score=0.4)
    assert StoppedRecord.from_json(stopped.to_json()) == stopped
    # Of a version before or behind this one: what is missing is empty, what is not known is left.
    assert FinishedRecord.from_json({"measures": {"macs": 5.0}, "from tomorrow": 1}).seed is None


def test_a_study_that_a_kill_left_without_facts_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    optuna.create_study(study_name="killed", storage=store.storage.trials(), directions=F1_MACS.directions)
    invented_study(F1_MACS, 1, storage=store.storage.trials(), store=store)
    assert [study.name for study in load_studies(store, None, None)] == ["farm-123abc"]

"""What a study tells its sampler of students that were trained to different steps."""

from dataclasses import replace

import optuna
import pytest
from invented_study import invented_study

from search.sampling.knowledge import StudyKnowledge
from search.study.objectives import parse
from search.study.records import FACTS, RECORD


def test_a_study_of_before_the_rungs_is_told_as_it_was():
    """Its trials were trained to the end or ended early, and may hold no curve."""
    study = invented_study(parse("f1_segment,macs"), 5, stopped=2)
    plainly = StudyKnowledge(study, None).observations()
    study = invented_study(parse("f1_segment,macs"), 5, stopped=2)
    study.optuna.set_user_attr(FACTS, {**study.optuna.user_attrs[FACTS], "train": {"steps": 600}})
    for member in study.finished():
        object.__setattr__(member.record, "curve", ())
    told = StudyKnowledge(study, None).observations()
    assert len(told) == 7
    assert [(o.quality, o.seconds) for o in told] == [(o.quality, o.seconds) for o in plainly]


def test_a_second_seed_is_told_as_the_mean():
    study = invented_study(parse("f1_segment,macs"), 5)
    knowledge = StudyKnowledge(study, None)
    before = knowledge.observations()
    record = study.finished()[2].record
    again = replace(record, measures={**record.measures, "f1_segment": 0.0}, second_seed_of=2).to_json()
    study.optuna.add_trial(optuna.trial.create_trial(values=[0.0, 6.0], user_attrs={RECORD: again}))
    after = knowledge.observations()
    assert len(after) == 5
    assert after[2].quality == pytest.approx(before[2].quality / 2)
    assert [after[i] for i in (0, 1, 3, 4)] == [before[i] for i in (0, 1, 3, 4)]

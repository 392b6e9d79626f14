"""What a study tells its sampler of students that were trained to different steps."""

from invented_study import invented_study

from search.sampling.knowledge import StudyKnowledge
from search.study.objectives import parse
from search.study.records import FACTS


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

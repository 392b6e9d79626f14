"""The hypervolume as it grows, against Optuna's own, and the trials since it last did."""

from dataclasses import replace

import numpy as np
import pytest
from invented_trials import OBJECTIVES, trial, with_second_seed

from search.pareto.front import hypervolume
from search.pareto.gain import Gain
from search.study.objectives import parse
from search.study.records import FinishedTrial, StoppedTrial
from search.study.trial_record import FinishedRecord, StoppedRecord


@pytest.mark.parametrize("names", ["f1_segment,macs", "f1_segment,macs,params"])
def test_it_is_the_hypervolume_after_each_trial(names):
    objectives, rng = parse(names), np.random.default_rng(0)
    points = [
        (float(rng.random()), *(float(v) for v in rng.uniform(4, 10, len(objectives.names) - 1))) for _ in range(40)
    ]
    members = [FinishedTrial(i, values, FinishedRecord()) for i, values in enumerate([*points, points[3]])]
    gain = Gain(objectives)
    for last in range(1, len(members) + 1):
        gain.look(members[:last])
        whole = hypervolume(members[:last], objectives, objectives.reference)
        assert gain.volume == pytest.approx(whole), last
    assert len(gain.volumes) == 41


def test_since_when_nothing_was_gained():
    objectives, gain = parse("f1_segment,macs"), None
    members = [
        FinishedTrial(i, v, FinishedRecord())
        for i, v in enumerate([(0.5, 6.0), (0.4, 6.5), (0.5, 6.0), (0.3, 5.0), (0.2, 7.0)])
    ]
    gain = Gain(objectives)
    idle = [gain.look(members[:last]).idle for last in range(len(members) + 1)]
    assert idle == [0, 0, 1, 2, 0, 1]
    late = FinishedTrial(9, (0.9, 5.0), FinishedRecord())
    assert gain.look([late, *members]).idle == 0  # another worker's, however it is numbered


def test_trials_that_were_ended_early_count_and_those_that_train_one_on_do_not():
    members = [trial(0, 0.5, 1e5), trial(3, 0.4, 1e6), trial(5, 0.3, 1e6)]
    members[2] = replace(members[2], record=replace(members[2].record, continues=3))
    early = [StoppedTrial(n, StoppedRecord(rung="full@0.5", score=0.1)) for n in (1, 2, 4)]
    gain = Gain(OBJECTIVES)
    assert gain.look(members[:1], early[:2]).idle == 2
    assert gain.look(members[:2], early[:2]).idle == 3
    assert gain.look(members, early).idle == Gain(OBJECTIVES).look(members, early).idle == 4
    assert gain.look([*members, trial(6, 0.9, 1e5)], early).idle == 0


def test_a_front_without_volume_gains_by_what_is_new_on_it():
    """An F1 that is 0 of all students, say."""
    objectives = parse("f1_segment,f1_event,macs")
    values = [(0.4, 0.0, 5.0), (0.5, 0.0, 5.0), (0.3, 0.0, 5.0), (0.3, 0.0, 4.0)]
    members = [FinishedTrial(i, v, FinishedRecord()) for i, v in enumerate(values)]
    gain = Gain(objectives)
    assert [gain.look(members[: last + 1]).idle for last in range(4)] == [0, 0, 1, 0]
    assert gain.volume == 0


def test_a_second_seed_changes_what_the_first_was_worth():
    members = [trial(0, 0.5, 1e5), trial(1, 0.7, 1e6), trial(2, 0.6, 1e6)]
    gain = Gain(OBJECTIVES).look(members)
    members[1] = with_second_seed(members[1], 0.3)
    assert gain.look(members).volume == pytest.approx(hypervolume(members, OBJECTIVES, OBJECTIVES.reference))
    assert (len(gain.volumes), gain.idle) == (3, 0)  # now the last one stands on the front

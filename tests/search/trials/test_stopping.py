"""Early stopping: only what cannot be hoped for any longer, never by F1 alone, never the controls."""

from dataclasses import replace

import pytest
from invented_trials import OBJECTIVES, trial, with_second_seed

from search.study.objectives import can_stop, parse
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord
from search.trials.stopping import MIN_FINISHED, RungScores, is_hopeless, rung_of, rung_scores

RUNG = "full@0.5"


def study(gain: float = 0.1, cost: float = 1e6, score: float = 0.6, count: int = MIN_FINISHED) -> list[RungScores]:
    """Finished trials that each gained `gain` from the rung to their end."""
    return [RungScores((cost,), score, {RUNG: score - gain}) for _ in range(count)]


def test_what_not_even_the_usual_gain_would_save_is_ended():
    assert is_hopeless(0.49, (1e6,), RUNG, study())
    assert not is_hopeless(0.51, (1e6,), RUNG, study())


def test_a_cheaper_trial_is_never_ended_by_dearer_ones():
    assert not is_hopeless(0.01, (0.9e6,), RUNG, study())
    assert is_hopeless(0.01, (1.1e6,), RUNG, study())


def test_every_cost_counts():
    two = [RungScores((1e6, 5e3), 0.6, {RUNG: 0.5}) for _ in range(MIN_FINISHED)]
    assert is_hopeless(0.1, (1e6, 5e3), RUNG, two)
    assert not is_hopeless(0.1, (2e6, 4e3), RUNG, two)


def test_nothing_is_ended_before_gains_are_known():
    assert not is_hopeless(0.0, (1e6,), RUNG, study(count=MIN_FINISHED - 1))
    assert not is_hopeless(0.0, (1e6,), "full@0.75", study())


def test_no_rung_before_a_distilled_student_has_bloomed():
    early = [RungScores((1e6,), 0.6, {"full@0.25": 0.5}) for _ in range(20)]
    assert not is_hopeless(0.0, (1e6,), "full@0.25", early)


def test_the_margin_is_the_gain_that_one_in_ten_exceeds():
    mixed = study(gain=0.0, count=8) + study(gain=0.3, count=3)
    assert not is_hopeless(0.35, (1e6,), RUNG, mixed)
    assert is_hopeless(0.25, (1e6,), RUNG, mixed)


def test_losses_do_not_make_it_stricter():
    falling = study(gain=-0.2)
    assert not is_hopeless(0.61, (1e6,), RUNG, falling)
    assert is_hopeless(0.6, (1e6,), RUNG, falling)


@pytest.mark.parametrize(
    ("step", "steps", "rung"), [(12, 50, "full@0.25"), (75, 150, "full@0.5"), (112, 150, "full@0.75"), (9, 9, "full@1")]
)
def test_rungs_tell_the_share(step, steps, rung):
    assert rung_of(step, steps) == rung


def test_only_where_training_sees_the_score_that_counts():
    assert can_stop(parse("f1_segment,macs"))
    assert can_stop(parse("f1_event,params,bytes"))
    assert not can_stop(parse("psds1,macs"))
    assert not can_stop(parse("f1_segment,psds1,macs"))
    assert not can_stop(parse("f1_segment,latency"))


def test_what_is_known_of_a_finished_trial():
    curve = [{"step": step, "score": score} for step, score in ((38, 0.3), (75, 0.4), (112, 0.5), (150, 0.6))]
    record = FinishedRecord(measures={"macs": 5.0, "params": 7}, curve=curve)
    found = rung_scores(FinishedTrial(0, (0.7, 1.0), record), parse("f1_segment,macs"))
    assert found == RungScores((5.0,), 0.6, {"full@0.25": 0.3, "full@0.5": 0.4, "full@0.75": 0.5, "full@1": 0.6})
    assert replace(found, costs=(5.0, 7.0)) == rung_scores(
        FinishedTrial(0, (), record), parse("f1_segment,macs,params")
    )


def test_who_turned_out_worse_with_a_second_seed_asks_less_of_others():
    first = trial(0, 0.6, 1e5)
    found = [rung_scores(member, OBJECTIVES) for member in (first, with_second_seed(first, 0.5))]
    assert found[1].score == pytest.approx(found[0].score - 0.05)
    assert found[1].rungs["full@1"] == pytest.approx(found[0].rungs["full@1"] - 0.05)

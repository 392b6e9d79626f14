"""Thresholds chosen anew, and what is told of them."""

import numpy as np
import pytest

from search.run.retuning import retuned
from search.study.trial_record import FinishedRecord
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.export.card import CardFacts
from sedkd.score.postprocess import Answers, PostProcessing

HEARD = np.r_[np.zeros(25), np.full(25, 0.9), np.zeros(25), np.full(25, 0.6)][:, None].astype(np.float32)
"""A bell, and something that is less like one; 25 frames are 2 s."""
ANSWERS = Answers((HEARD,), ("a.wav",), (8.0,), ((Event(2.0, 4.0, "bell"),),), ("bell",), 0.08)


def test_scores_of_other_thresholds_are_not_told() -> None:
    again = retuned((ANSWERS, None), ("bell",), 1000.0, True)
    values = again.scores.values
    assert values["f1_segment"] != 0.123
    assert values["psds1"] is not None
    record = again.of(FinishedRecord(measures={"f1_segment": 0.123, "macs": 5.0}, post=PostProcessing((0.1,), (1,))))
    assert record.measures["f1_segment"] == values["f1_segment"]
    assert record.measures["macs"] == 5.0
    assert record.post == again.post
    old = {"f1_segment": 0.123}
    card = again.on(CardFacts("farm", "", ("bell",), "s", 1, "d", True, "t", {}, old, old, {}, {}, of_seeds=old))
    assert card.validation == values
    assert card.test is card.of_seeds is None


@pytest.mark.parametrize(("most", "told"), [(100.0, 1), (1000.0, 0)])
def test_a_limit_that_allows_none_is_said(most: float, told: int) -> None:
    lines = retuned((ANSWERS, None), ("bell",), most, False).lines
    said = f"--criterion fa_per_hour={most:g}: in 0.00222 hours a rate below 450 per hour cannot be told from 0"
    assert [line.startswith(said) for line in lines].count(True) == told


def test_without_clips() -> None:
    with pytest.raises(UserError, match="thresholds cannot be chosen anew: they are gone"):
        retuned("they are gone", ("bell",), 1.0, False)

"""The curves go through the operating point, and that is what the scores say."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.precision_recall import curves_of
from sedkd.score.summary import score

FRAME = 0.08


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(3)
    frames, files = 125, 20
    truth = [[Event(2.0, 5.0, "bell"), *([Event(6.5, 9.1, "hum")] if i % 2 else [])] for i in range(files)]
    found = []
    for events in truth:
        p = rng.uniform(0, 0.6, (frames, 3)).astype(np.float32)
        for event in events:
            p[round(event.onset / FRAME) : round(event.offset / FRAME), ("bell", "hum").index(event.event_label)] += 0.3
        found.append(p)
    names = [f"{i}.wav" for i in range(files)]
    return Answers(found, names, [10.0] * files, truth, ("bell", "hum", "owl"), FRAME)


def test_the_operating_point_is_what_is_scored_and_lies_on_the_curve(answers):
    post = PostProcessing((0.6, 0.5, 0.5), (5, 9, 1))
    curves = curves_of(answers, post)
    per_class = score(answers, post, with_psds=False).per_class
    assert curves["owl"] is None
    for label in ("bell", "hum"):
        recall, precision = curves[label].at
        assert 2 * precision * recall / (precision + recall) == pytest.approx(per_class[label]["f1_segment"])
        points = np.stack([curves[label].recall, curves[label].precision], axis=1)
        assert np.abs(points - [recall, precision]).max(axis=1).min() < 1e-9
        assert 0.3 < curves[label].average <= 1


def test_a_threshold_that_nothing_reaches_has_no_precision(answers):
    assert curves_of(answers, PostProcessing((0.99, 0.5, 0.5), (25, 1, 1)))["bell"].at == (0.0, None)

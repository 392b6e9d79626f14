"""All scores of a system at once are those that each metric gives alone."""

import numpy as np
import pytest

from sedkd.data.events import Event
from sedkd.score.f1 import event_f1, segment_f1
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.summary import score

LABELS = ("a", "b")


@pytest.fixture
def answers() -> Answers:
    rng = np.random.default_rng(0)
    probabilities = [rng.random((60, 2)).astype(np.float32) for _ in range(3)]
    probabilities[0][:, 1] = 0.1
    truth = [[Event(0.5, 2.0, "a"), Event(1.0, 2.0, "other")], [Event(0.0, 4.0, "a")], []]
    return Answers(probabilities, ["x", "y", "z"], [4.8, 4.7, 4.75], truth, LABELS, 0.08)


def test_scores(answers: Answers) -> None:
    post = PostProcessing((0.6, 0.9), (5, 1))
    found = score(answers, post, with_psds=True)
    truth = {n: [e for e in t if e.event_label in LABELS] for n, t in zip("xyz", answers.truth, strict=True)}
    durations = dict(zip("xyz", answers.durations, strict=True))
    segment = segment_f1(truth, answers.detections(post), durations, LABELS)
    event = event_f1(truth, answers.detections(post), LABELS)
    assert found.values["f1_segment"] == segment.macro == segment.per_class["a"] > 0
    assert found.values["f1_segment_micro"] == segment.micro < segment.macro  # false alarms of b
    assert found.values["f1_event_micro"] == event.micro
    alarms = 3600 * event.false_alarms["b"] / sum(durations.values())
    assert found.per_class["b"] == {"f1_segment": None, "f1_event": None, "fa_per_hour": pytest.approx(alarms)}
    assert found.support == {"a": 2, "b": 0}
    scores = {"f1_segment", "f1_segment_micro", "f1_event", "f1_event_micro", "psds1", "psds2"}
    assert set(found.values) == scores | {"fa_per_hour"}
    assert "psds1" not in score(answers, post, with_psds=False).values


def test_a_perfect_system(answers: Answers) -> None:
    exact = [np.zeros((60, 2), np.float32) for _ in range(3)]
    exact[0][10:20, 0] = 1
    exact[1][0:50, 1] = 1
    truth = [[Event(0.8, 1.6, "a")], [Event(0.0, 4.0, "b")], []]
    perfect = Answers(exact, ["x", "y", "z"], [4.8] * 3, truth, LABELS, 0.08)
    values = score(perfect, PostProcessing((0.5, 0.5), (1, 1)), with_psds=True).values
    assert values == pytest.approx({**dict.fromkeys(values, 1.0), "fa_per_hour": 0.0})

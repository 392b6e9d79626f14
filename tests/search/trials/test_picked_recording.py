"""Which recording a report shows, and what is kept of it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from search.study.heard import HEARD
from search.trials.picked_recording import heard_of
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.train.corpus import Corpus
from sedkd.train.split import Split

DOG, CAT = Event(0.1, 0.3, "dog"), Event(0.2, 0.6, "cat")


def task_of(truth: list[list[Event]], seconds: float = 1.0) -> tuple[Split, Answers]:
    """Recordings of frames of 0.1 s; every band of recording i's log-mel is i, and 20 nepers less in its first half."""
    frames, size = round(10 * seconds), len(truth)
    mel = torch.arange(size)[:, None, None] + torch.zeros(size, 2 * frames, 4)
    mel[:, :frames] -= 20
    starts = torch.arange(size + 1) * frames
    known = torch.ones(size, 2, dtype=torch.bool)
    corpus = Corpus(mel.reshape(-1, 4), 2 * starts, starts, torch.zeros(size * frames, 2), known, 2)
    told = np.zeros((frames, 2), np.float32)
    told[2:5, 0] = 0.9
    names = [f"{number}.wav" for number in range(size)]
    return Split([], corpus), Answers([told] * size, names, [seconds] * size, truth, ("dog", "cat"), 0.1)


def test_the_recording_with_the_most_different_events() -> None:
    split, answers = task_of([[DOG, Event(0.5, 0.6, "dog")], [CAT, DOG], [], [Event(0, 1, "other"), CAT]])
    heard = heard_of(split, answers, PostProcessing((0.5, 0.3), (1, 1)))
    assert heard.filename == "1.wav"
    assert heard.truth == [CAT, DOG]
    assert heard.detections == [Event(pytest.approx(0.2), pytest.approx(0.5), "dog")]
    assert heard.levels.shape == (4, 20)
    assert (heard.levels[:, :10] == 0).all()
    assert (heard.levels[:, 10:] == 255).all()
    assert len(heard.probability) == 10


def test_a_long_one_is_cut_and_what_is_kept(tmp_path: Path) -> None:
    split, answers = task_of([[DOG, Event(59, 70, "cat"), Event(80, 81, "cat")]], 90.0)
    heard = heard_of(split, answers, PostProcessing((0.5, 0.3), (1, 1)))
    assert heard.seconds == 60
    assert heard.truth == [DOG, Event(59, 60, "cat")]
    assert len(heard.probability) == 600
    assert heard.levels.shape[1] <= 500
    assert HEARD.read(tmp_path) is None
    HEARD.write(tmp_path, heard)
    again = HEARD.read(tmp_path)
    assert again is not None
    assert (again.levels == heard.levels).all()
    assert (again.truth, again.probability, again.thresholds) == (heard.truth, heard.probability, heard.thresholds)
    (tmp_path / HEARD.name).write_text('{"levels": 1}')
    with pytest.raises(UserError, match=r"heard\.json.*remove it"):
        HEARD.read(tmp_path)

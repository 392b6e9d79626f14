"""Events that are told of recordings in which nothing is to be heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import tiny

from sedkd.data.datasets.survey import survey
from sedkd.data.events import Event
from sedkd.data.pool import folder_pool
from sedkd.data.positives import require_positives

EVENTS = {f"{name}.wav": [Event(0.2, 0.8, "low")] for name in "abc"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for split in ("train", "validation"):
        tiny.write_split(tmp_path / "farm", split, {**EVENTS, "quiet.wav": []}, seconds=2.0)
    return tmp_path


def write(path: Path, samples: np.ndarray, rate: int = 16000) -> None:
    soundfile.write(path, samples, rate, subtype="FLOAT")


def told(root: Path) -> list[str]:
    lines = require_positives(folder_pool(root, {}, "farm"), "farm", ("low",))
    assert set(lines) <= set(survey([root], {}).problems)
    return lines


@pytest.mark.parametrize("samples", [np.zeros(32000), np.full(32000, 0.25), np.full((32000, 2), (0.0, 0.5))])
def test_a_recording_of_nothing_with_events_is_named(root: Path, samples: np.ndarray) -> None:
    train = root / "farm" / "train"
    write(train / "b.wav", samples)
    assert told(root) == [
        f"{train / 'b.wav'}: has events, and holds nothing but silence (all of its samples are the same): mend it"
    ]
    write(train / "c.wav", samples)
    (line,) = told(root)
    assert line.endswith("(all of its samples are the same), as do 1 more recordings with events: mend it")


def test_what_is_heard_at_any_time_or_has_no_events_is_none(root: Path) -> None:
    late = np.zeros((32000, 2))
    late[-1, 1] = 1e-4
    write(root / "farm" / "train" / "b.wav", late)
    write(root / "farm" / "train" / "quiet.wav", np.zeros(32000))
    assert told(root) == []

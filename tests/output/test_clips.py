"""Clips of detections: which, where they lie, and what is heard in them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sedkd.data.audio import read_part
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.output.clips import spread, write_clips
from sedkd.stream.detection import Detection

RATE = 44100


def found(path, onset, label="dog", confidence=0.5):
    return path, Detection(Event(onset, onset + 0.5, label), confidence)


def test_the_chosen_are_spread_over_confidence_and_not_over_ranks():
    crowd = [found(Path("a.wav"), i, confidence=0.9 + i / 10000) for i in range(90)]
    few = [found(Path("a.wav"), i, confidence=c) for i, c in enumerate((0.1, 0.3, 0.5, 0.7))]
    chosen = [one.confidence for _, one in spread([*crowd, *few], 5)]
    assert chosen == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9089])
    assert len(spread(few, 10)) == 4


def test_a_clip_holds_the_event_and_a_second_around_it(tmp_path):
    time = np.arange(5 * RATE) / RATE
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * 440 * time), RATE)
    detections = [found(tmp_path / "a.wav", 2.0, confidence=0.875), found(tmp_path / "a.wav", 4.4, "../cat")]
    assert write_clips(tmp_path / "clips", detections, 9, ("dog", "../cat")) == 2
    written = sorted(path.relative_to(tmp_path / "clips").as_posix() for path in (tmp_path / "clips").rglob("*.wav"))
    assert written == ["_cat/0.500-a-0004.400.wav", "dog/0.875-a-0002.000.wav"]
    sound, rate = soundfile.read(tmp_path / "clips" / "dog" / "0.875-a-0002.000.wav", dtype="float32")
    assert rate == RATE
    assert sound == pytest.approx(read_part(tmp_path / "a.wav", 1.0, 2.5)[0], abs=1e-4)
    assert soundfile.info(tmp_path / "clips" / "_cat" / "0.500-a-0004.400.wav").duration == pytest.approx(1.6, abs=1e-3)


def test_recordings_that_are_called_alike_do_not_overwrite_each_other(tmp_path):
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        soundfile.write(tmp_path / day / "a.wav", np.zeros(RATE), RATE)
    detections = [found(tmp_path / day / "a.wav", 0.2) for day in ("monday", "tuesday")]
    assert write_clips(tmp_path / "clips", detections, 5, ("dog",)) == 2
    assert len(list((tmp_path / "clips").rglob("*.wav"))) == 2


def test_every_label_has_a_folder_of_its_own(tmp_path):
    labels = ("Vogel (m)", "Vogel [m]", "vogel_m_-2", "VOGEL {m}", "Vogel")
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    expected = {"Vogel (m)": "Vogel_m_", "Vogel [m]": "Vogel_m_-2", "Vogel": "Vogel"}
    for heard in (labels, labels[1:2], labels):  # whichever of them are heard this time
        write_clips(tmp_path / "clips", [found(tmp_path / "a.wav", 0.2, label) for label in heard], 5, labels)
    folders = {path.name for path in (tmp_path / "clips").iterdir()}
    assert len({name.casefold() for name in folders}) == len(labels)
    assert folders >= set(expected.values())
    assert all(len(list((tmp_path / "clips" / name).iterdir())) == 1 for name in folders)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    with pytest.raises(UserError, match="cannot be written"):
        write_clips(tmp_path / "a.wav", [found(tmp_path / "a.wav", 0.2)], 5, ("dog",))

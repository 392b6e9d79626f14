"""A trained student in eight bits, heard on recordings as it is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from exported import LABELS, RATE, moving_student, noise

from sedkd.data.inspection import audio_info
from sedkd.data.recordings import Recording
from sedkd.data.sealed import SealBroken, opened_test
from sedkd.export.int8_student import CALIBRATING, Int8Student, calibrating, hearing
from sedkd.features.pack import features_of
from sedkd.models.settings import STRIDE, StudentSettings
from sedkd.train.corpus import corpus_from
from sedkd.train.split import FRAME_SECONDS, Split

SETTINGS = StudentSettings(8, 2, lookahead=160)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    """Of different lengths; nobody listened for rain in the first one."""
    folder, found = tmp_path_factory.mktemp("clips"), []
    for seed, seconds in enumerate((3.0, 2.5, 4.0)):
        path = folder / f"{seed}.wav"
        soundfile.write(path, noise(seconds, seed=seed), RATE)
        found.append(Recording(path, path.name, "street", audio_info(path).duration))
    return [replace(found[0], listened=("bark",)), *found[1:]]


def split_of(clips: list[Recording]) -> Split:
    student = moving_student(SETTINGS)
    pack = features_of(clips, student.features)
    return Split(clips, corpus_from(clips, pack, STRIDE, FRAME_SECONDS, LABELS, {"street": LABELS}))


def test_it_answers_nearly_as_the_student_for_the_same_recordings(clips: list[Recording]) -> None:
    student, split = moving_student(SETTINGS), split_of(clips)
    whole, eight = (hearing(student, clips[1:], int8)(split) for int8 in (False, True))
    assert (eight.filenames, eight.durations, eight.labels) == (whole.filenames, whole.durations, LABELS)
    assert eight.frame_seconds == whole.frame_seconds == FRAME_SECONDS
    for one, other in zip(whole.probabilities, eight.probabilities, strict=True):
        assert one.shape == other.shape
        assert 0 < np.abs(one - other).mean() < 0.03
    assert (eight.probabilities[0][:, 1] == 0).all()  # where nobody listened, nothing is right or wrong
    again = Int8Student(student, clips[1:])
    assert all(
        np.array_equal(a, b) for a, b in zip(eight.probabilities, again.answers(split).probabilities, strict=True)
    )
    assert again.bytes > sum(p.numel() for p in student.parameters())
    assert again.latency_ms_per_second() > 0


def test_what_has_no_eight_bits_says_so(clips: list[Recording]) -> None:
    for settings in (replace(SETTINGS, head="gru"), replace(SETTINGS, lookahead="full")):
        assert not settings.quantises
        with pytest.raises(ValueError, match="has no step of eight bits"):
            Int8Student(moving_student(settings), clips)
    assert replace(SETTINGS, head="tcn").quantises


def test_its_ranges_are_not_found_while_test_is_open(clips: list[Recording], tmp_path: Path) -> None:
    with opened_test({}, tmp_path / "decisions.json"), pytest.raises(SealBroken, match="calibrating eight bits"):
        Int8Student(moving_student(SETTINGS), clips)


def test_ranges_are_those_of_clips_all_over_the_training_clips(clips: list[Recording]) -> None:
    many = [replace(clips[0], filename=str(number)) for number in range(3 * CALIBRATING)]
    assert [clip.filename for clip in calibrating(many)] == [str(3 * number) for number in range(CALIBRATING)]
    assert calibrating(calibrating(many)) == calibrating(many)
    assert calibrating(clips) == clips

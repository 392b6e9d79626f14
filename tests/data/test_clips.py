"""A clip holds the samples of its recording, whatever these are."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import tone

from sedkd.data.clips import write_clip
from sedkd.errors import UserError


@pytest.mark.parametrize(
    ("gain", "subtype"),
    [
        (3.0, "FLOAT"),  # beyond full scale, where 16 bits would clip
        (1e-6, "FLOAT"),  # below what 16 bits tell apart
    ],
)
def test_what_16_bits_would_change_is_written_as_floats(tmp_path: Path, gain: float, subtype: str) -> None:
    sound = (tone(0.5) * gain).astype(np.float32)
    write_clip(tmp_path / "a.wav", sound, 16000)
    assert soundfile.info(tmp_path / "a.wav").subtype == subtype
    assert np.array_equal(soundfile.read(tmp_path / "a.wav", dtype="float32")[0], sound)


def test_16_bits_stay_16_bits_to_the_last_one(tmp_path: Path) -> None:
    sound = np.float32([-1.0, 32767 / 32768, 1 / 32768, 0.0])
    write_clip(tmp_path / "a.wav", sound, 16000)
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_16"
    assert np.array_equal(soundfile.read(tmp_path / "a.wav", dtype="float32")[0], sound)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(UserError, match=r"a\.wav/b\.wav: cannot be written"):
        write_clip(tmp_path / "a.wav" / "b.wav", np.zeros(5, np.float32), 16000)

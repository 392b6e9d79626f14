"""Audio of every usual kind comes back as the same sound, and what is no audio as one line."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import tone

from sedkd.data.audio import audio_info, content_hash, read_audio, read_blocks
from sedkd.errors import UserError

RATE = 16000


def peak(samples: np.ndarray, rate: int) -> tuple[float, float]:
    """Frequency (Hz) and amplitude of the strongest sine, from the file's middle."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    window = np.hanning(len(middle))
    spectrum = np.abs(np.fft.rfft(middle * window)) / window.sum() * 2
    best = int(spectrum.argmax())
    return best * rate / len(middle), float(spectrum[best])


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        ("wav", "PCM_16", 1e-3),
        ("wav", "PCM_24", 1e-5),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 1e-7),
        ("flac", "PCM_16", 1e-3),
        ("flac", "PCM_24", 1e-5),
        ("ogg", None, 0.05),
        ("mp3", None, 0.05),
    ],
)
def test_every_kind(tmp_path: Path, suffix: str, subtype: str | None, tolerance: float) -> None:
    path, samples = tmp_path / f"a.{suffix}", tone(1.0)
    soundfile.write(path, samples, RATE, subtype=subtype)
    assert audio_info(path).duration == pytest.approx(1.0, abs=1e-6)
    found = read_audio(path, RATE)
    assert found.dtype == np.float32
    assert len(found) == RATE
    inner = slice(1000, -1000)  # ogg and mp3 smear the edges
    np.testing.assert_allclose(found[inner], samples[inner], atol=tolerance)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampling_keeps_frequency_and_level(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(2.0, 1000.0, rate, level=0.5), rate, subtype="FLOAT")
    found = read_audio(path, RATE)
    assert len(found) == 2 * RATE
    hertz, level = peak(found, RATE)
    assert hertz == pytest.approx(1000, abs=1.1)
    assert level == pytest.approx(0.5, abs=0.005)


def test_resampling_folds_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1.0, 13000.0, 44100, level=0.5), 44100, subtype="FLOAT")
    assert np.abs(read_audio(path, RATE)[2000:-2000]).max() < 0.005


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    path, samples = tmp_path / "a.wav", tone(0.5)
    shares = np.arange(1, channels + 1, dtype=np.float32)
    soundfile.write(path, samples[:, None] * shares / channels, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(path, RATE), samples * shares.mean() / channels, atol=1e-6)


def test_blocks_overlap_and_cover(tmp_path: Path) -> None:
    path, samples = tmp_path / "a.wav", tone(2.5)
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    blocks = list(read_blocks(path, RATE, 1.0, 0.25))
    starts = [0, 12000, 24000]
    assert [len(b) for b in blocks] == [16000, 16000, 16000]
    for start, block in zip(starts, blocks, strict=True):
        np.testing.assert_array_equal(block, samples[start : start + 16000])
    (short,) = read_blocks(path, RATE, 10.0, 1.0)
    np.testing.assert_array_equal(short, samples)


def test_bad_files_are_one_line_that_names_them(tmp_path: Path) -> None:
    empty, text, hollow = tmp_path / "zero.wav", tmp_path / "text.flac", tmp_path / "hollow.wav"
    empty.write_bytes(b"")
    text.write_text("filename\tonset\n" * 100)
    soundfile.write(hollow, np.zeros(0, np.float32), RATE)
    cases = [
        (empty, r"empty \(0 bytes\)"),
        (text, "cannot be read as audio; sedkd reads wav, flac, ogg, mp3"),
        (hollow, "empty"),
        (tmp_path / "gone.wav", "no such audio file"),
        (tmp_path, "cannot be read as audio"),
    ]
    for path, message in cases:
        with pytest.raises(UserError, match=f"^{re.escape(str(path))}: .*{message}") as caught:
            read_audio(path, RATE)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("suffix", "share"), [("wav", 0.0006), ("flac", 0.5), ("ogg", 0.5), ("mp3", 0.5)])
def test_cut_off_files(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, tone(2.0), RATE)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: ") as caught:
        read_audio(path, RATE)
    assert "\n" not in str(caught.value)


def test_a_cut_off_wav_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(2.0), RATE)
    path.write_bytes(path.read_bytes()[: 44 + 2 * RATE])
    assert audio_info(path).duration == pytest.approx(1.0)
    np.testing.assert_allclose(read_audio(path, RATE), tone(1.0), atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, bad: float) -> None:
    samples = tone(0.1)
    samples[7] = bad
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(UserError, match=r"a\.wav: holds samples that are not finite"):
        read_audio(tmp_path / "a.wav", RATE)


def test_content_hash_is_of_the_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "a.wav", tmp_path / "b.wav"
    one.write_bytes(b"sound")
    two.write_bytes(b"sound")
    assert content_hash(one) == content_hash(two)
    two.write_bytes(b"sounD")
    assert content_hash(one) != content_hash(two)
    with pytest.raises(UserError, match=r"c\.wav: cannot be read"):
        content_hash(tmp_path / "c.wav")

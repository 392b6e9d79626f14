"""Audio of every usual kind comes back as the same sound, and what is no audio as one line."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import tone

from sedkd.data.audio import content_hash, fault_of, read_audio, read_spans
from sedkd.data.inspection import audio_info
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


KINDS = [
    ("wav", "PCM_U8"), ("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "PCM_32"), ("wav", "FLOAT"), ("wav", "DOUBLE"),
    ("flac", "PCM_16"), ("flac", "PCM_24"), ("ogg", "VORBIS"), ("ogg", "OPUS"), ("mp3", "MPEG_LAYER_III"),
]  # fmt: skip
RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
ONLY = {  # what the formats themselves know
    "OPUS": (8000, 16000, 24000, 48000),
    "MPEG_LAYER_III": RATES[:-1],
}

LIKENESS = {"PCM_U8": 0.99, "OPUS": 0.95, "MPEG_LAYER_III": 0.99}  # least correlation; codecs shift phases a little


def chirp(rate: int, seconds: float) -> np.ndarray:
    """From 200 Hz to 1.6 kHz, so that no delay goes unseen."""
    time = np.arange(round(seconds * rate)) / rate
    return 0.3 * np.sin(2 * np.pi * (200 * time + 700 / seconds * time**2))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize(("suffix", "subtype"), KINDS)
def test_every_kind_rate_and_channel_count_is_the_same_sound(
    tmp_path: Path, suffix: str, subtype: str, channels: int, rate: int
) -> None:
    if rate not in ONLY.get(subtype, RATES) or (suffix == "mp3" and channels > 2):
        pytest.skip(f"{subtype} has no {rate} Hz with {channels} channels")
    path, seconds = tmp_path / f"a.{suffix}", 1.371
    gains = np.linspace(0.4, 1.0, channels)
    sound = chirp(rate, seconds)
    soundfile.write(path, sound[:, None] * gains, rate, subtype=subtype)
    assert audio_info(path).duration == len(sound) / rate
    found, expected = read_audio(path, RATE), gains.mean() * chirp(RATE, seconds)
    assert len(found) == math.ceil(len(sound) * RATE / rate)
    inner = slice(1600, min(len(found), len(expected)) - 1600)
    a, b = found[inner], expected[inner]
    assert np.corrcoef(a, b)[0, 1] > LIKENESS.get(subtype, 0.999)
    assert np.std(a) == pytest.approx(np.std(b), rel=0.03)


def test_an_mp3_sounds_alike_however_it_is_read(tmp_path: Path) -> None:
    """Noise at a low rate, where frames hold bits for later ones."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(16000 * 8), RATE)
    whole = read_audio(path, RATE)
    spans = [(0, 20000), (18000, 50000), (60000, 90000), (89999, 128000), (30000, 40000)]
    for (start, stop), span in zip(spans, read_spans(path, RATE, spans), strict=True):
        np.testing.assert_allclose(span, whole[start:stop], atol=1e-6)


def test_a_fault_is_found_wherever_it_is(tmp_path: Path) -> None:
    sound, cut, numbers = tmp_path / "a.mp3", tmp_path / "b.flac", tmp_path / "c.wav"
    soundfile.write(sound, tone(25.0), RATE)
    assert fault_of(sound) == ""
    soundfile.write(cut, tone(25.0), RATE)
    cut.write_bytes(cut.read_bytes()[:-5000])
    samples = tone(25.0)
    samples[-1] = np.nan
    soundfile.write(numbers, samples, RATE, subtype="FLOAT")
    for path in (cut, numbers, tmp_path / "gone.ogg"):
        assert fault_of(path).startswith(f"{path}: ")


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


def test_a_sample_whose_power_is_no_number(tmp_path: Path) -> None:
    """Its features would be none, and by their mean those of all recordings. Integers saved as floats are read."""
    samples = tone(0.1)
    for value in (2.0**31, -(2.0**31)):
        samples[7] = value
        soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
        assert np.abs(read_audio(tmp_path / "a.wav", RATE)).max() == 2.0**31
    samples[7] = -1e20
    soundfile.write(tmp_path / "b.wav", samples, RATE, subtype="FLOAT")
    for read in (audio_info, lambda path: read_audio(path, RATE)):
        with pytest.raises(UserError, match=r"b\.wav: holds a sample of 1e\+20 times full scale, which is no sound"):
            read(tmp_path / "b.wav")


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

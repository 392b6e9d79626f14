"""Audio files that are longer or shorter than their headers say, and channels that cancel each other."""

import os
import re
import struct
import time
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from tiny import tone

from sedkd.data.audio import fault_of, read_audio, read_spans
from sedkd.data.broken import durations, leave_out_broken
from sedkd.data.decoding import BrokenAudio
from sedkd.data.folders import audio_below
from sedkd.data.inspection import AudioInfo, audio_info, inspect, readable, sound_infos
from sedkd.data.recordings import content_hashes
from sedkd.errors import SedkdWarning

RATE = 16000
FIRST, SECOND = 4.0, 2.5  # seconds


def chirp(seconds: float) -> np.ndarray:
    """Rises, so that every part differs from every other."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * (300 * time + 200 * time**2))).astype(np.float32)


def written(path: Path, seconds: float = FIRST, **how: str) -> bytes:
    soundfile.write(path, chirp(seconds), RATE, **how)
    return path.read_bytes()


def mp3(path: Path, seconds: float, tagged: bool, bit_rate: int) -> bytes:
    """An mp3 of changing bit rate as FFmpeg's LAME writes it, with or without the tag that holds its length."""
    with av.open(str(path), "w", format="mp3", options={} if tagged else {"write_xing": "0"}) as file:
        stream = file.add_stream("libmp3lame", rate=RATE, bit_rate=bit_rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(chirp(seconds)[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for part in (frame, None):
            file.mux(stream.encode(part))
    return path.read_bytes()


def without_length(flac: bytes) -> bytes:
    """What an encoder writes into a pipe: the 36 bits of the number of samples are 0."""
    return flac[:21] + bytes([flac[21] & 0xF0, 0, 0, 0, 0]) + flac[26:]


def joined(path: Path, **how: str) -> bytes:
    return written(path, FIRST, **how) + written(path, SECOND, **how)


def sizes(wav: bytes, riff: int, data: int) -> bytes:
    """A WAV file with other sizes in its header."""
    place = wav.index(b"data") + 4
    whole = bytearray(wav)
    whole[4:8], whole[place : place + 4] = struct.pack("<I", riff), struct.pack("<I", data)
    return bytes(whole)


def make(path: Path, kind: str) -> float:
    """Write a file of a kind; how many seconds it holds."""
    if kind == "flac of a stream":
        content = without_length(written(path))
    elif kind == "flac behind flac":
        content = joined(path)
    elif kind == "ogg behind ogg":
        content = joined(path, subtype="VORBIS")
    elif kind == "opus behind opus":
        content = joined(path, subtype="OPUS")
    elif kind == "mp3 without a tag":
        content = mp3(path, FIRST, False, 32_000)
    elif kind == "mp3 behind mp3":
        content = mp3(path, FIRST, True, 64_000) + mp3(path, SECOND, True, 32_000)
    elif kind == "wav without sizes":
        content = sizes(written(path), 0, 0)
    elif kind == "wav of a pipe":
        content = sizes(written(path), 0xFFFFFFFF, 0xFFFFFFFF)
    else:
        assert kind == "wav whose header is old"
        content = sizes(written(path), RATE + 36, RATE)
    path.write_bytes(content)
    return FIRST + SECOND if "behind" in kind else FIRST


KINDS = {
    "flac of a stream": "flac", "flac behind flac": "flac", "ogg behind ogg": "ogg", "opus behind opus": "ogg",
    "mp3 without a tag": "mp3", "mp3 behind mp3": "mp3",
    "wav without sizes": "wav", "wav of a pipe": "wav", "wav whose header is old": "wav",
}  # fmt: skip
CODEC_SECONDS = 0.15  # that a codec's first and last frames may add or, at a seam, lack


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_the_audio_is_heard(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{KINDS[kind]}"
    seconds = make(path, kind)
    slack = CODEC_SECONDS if path.suffix in (".ogg", ".mp3") else 1e-9
    assert audio_info(path).duration == pytest.approx(seconds, abs=slack)
    assert fault_of(path) == ""
    whole = read_audio(path, RATE)
    assert len(whole) == pytest.approx(audio_info(path).duration * RATE, abs=1)
    expected = np.concatenate([chirp(FIRST), chirp(SECOND)])[: round(seconds * RATE)]
    lag = best_lag(whole, expected)
    found = whole[lag : lag + len(expected)]
    blocks = found[: len(found) // 1600 * 1600].reshape(-1, 1600).std(axis=1)
    assert np.sum(blocks < 0.1) <= 2  # of a tenth of a second each: nowhere silent but at a seam
    assert np.corrcoef(found[: round(FIRST * RATE)], expected[: round(FIRST * RATE)])[0, 1] > 0.99
    spans = [(0, 5000), (4000, 30000), (30000, len(whole)), (len(whole), len(whole) + 10)]
    for (start, stop), span in zip(spans, read_spans(path, RATE, spans), strict=True):
        np.testing.assert_allclose(span, whole[start:stop], atol=1e-6)


def best_lag(found: np.ndarray, expected: np.ndarray) -> int:
    """By how many samples a codec delays the sound."""
    inner = expected[8000:16000]
    return max(range(0, 1200), key=lambda lag: float(np.dot(found[8000 + lag : 16000 + lag], inner)))


def test_what_is_behind_the_audio_of_a_wav_is_no_audio(tmp_path: Path) -> None:
    """Chunks, and padding."""
    path = tmp_path / "a.wav"
    content = written(path)
    chunks = b"LIST" + struct.pack("<I", 4) + b"INFO", b"id3 " + struct.pack("<I", 3) + b"abc"
    for behind in (*chunks, b"\0" * 500, b"abc"):
        path.write_bytes(content + behind)
        assert inspect(path) == AudioInfo(RATE, round(FIRST * RATE))


@pytest.mark.parametrize(("subtype", "channels"), [("PCM_U8", 1), ("PCM_24", 2), ("FLOAT", 1), ("DOUBLE", 3)])
def test_a_wav_without_sizes_of_any_width(tmp_path: Path, subtype: str, channels: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, chirp(1.0)[:, None] * np.linspace(0.5, 1, channels), RATE, subtype=subtype)
    expected = read_audio(path, RATE)
    path.write_bytes(sizes(path.read_bytes(), 0, 0))
    np.testing.assert_array_equal(read_audio(path, RATE), expected)


def test_what_a_recorder_lost_is_told(tmp_path: Path) -> None:
    lost, short, plain = (tmp_path / name for name in ("lost.wav", "short.wav", "plain.wav"))
    written(plain)
    lost.write_bytes(sizes(written(lost), 0, 0))
    short.write_bytes(written(short)[: 44 + 2 * RATE])
    leave_out_broken(False)
    with pytest.warns(SedkdWarning) as told:
        found = durations([lost, short, plain])
    assert found == {lost: FIRST, short: 1.0, plain: FIRST}
    assert [str(warning.message).split(":")[0] for warning in told] == [str(lost), str(short)]
    assert "holds more audio than its WAV header says" in str(told[0].message)
    assert "ends before the length in its WAV header: what is there is heard" in str(told[1].message)


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
def test_a_copy_that_was_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    content = written(path) if suffix == "flac" else mp3(path, FIRST, True, 64_000)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BrokenAudio, match=rf"^{re.escape(str(path))}: ends .* s before the length in its header"):
        audio_info(path)


def test_what_no_decoder_takes_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A playlist leads to other files: FFmpeg would follow it."""
    sound = tmp_path / "b.wav"
    written(sound)
    for name, content in (
        ("list.mp3", f"#EXTM3U\n#EXTINF:4,\n{sound}\n".encode()),
        ("concat.ogg", f"ffconcat version 1.0\nfile {sound}\n".encode()),
        ("text.flac", b"filename\tonset\n" * 100),
        ("half.ogg", b"OggS" + bytes(200)),
        ("head.wav", b"RIFF" + bytes(60)),
        ("codec.caf", written(tmp_path / "c.caf").replace(b"lpcm", b"zzzz")),  # a codec that nobody knows
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BrokenAudio, match=rf"^{re.escape(str(path))}: [^\n]+$"):
            audio_info(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("rate", [7, 999, 1_000_001, 0xFFFFFFFF])
def test_rates_that_no_microphone_has(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    content = bytearray(written(path))
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(content)
    with pytest.raises(BrokenAudio, match=r"a\.wav: "):
        audio_info(path)


@pytest.mark.parametrize("rate", [47_999, 44_101, 15_991, 191_999])
def test_odd_rates_cost_no_more_than_usual_ones(tmp_path: Path, rate: int) -> None:
    """The same sound, whole and in parts; memory stays small (torchaudio's filter would take gigabytes)."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(3.0, 1000.0, rate, level=0.5), rate, subtype="FLOAT")
    whole = read_audio(path, RATE)
    assert len(whole) == 3 * RATE
    np.testing.assert_allclose(whole[200:-200], tone(3.0, 1000.0, RATE, level=0.5)[200:-200], atol=0.005)
    spans = [(0, 9000), (9000, 31000), (20000, 48000)]
    for (start, stop), span in zip(spans, read_spans(path, RATE, spans), strict=True):
        np.testing.assert_allclose(span, whole[start:stop], atol=1e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_channels_of_opposite_polarity(tmp_path: Path, suffix: str) -> None:
    path, other = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    sound = chirp(FIRST)
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, len(sound)))
    soundfile.write(path, np.stack([sound + noise[0], -0.9 * sound + noise[1]], axis=1), RATE)
    soundfile.write(other, np.stack([sound + noise[0], 0.9 * sound + noise[1]], axis=1), RATE)
    assert (audio_info(path).channel, audio_info(other).channel) == (0, None)
    assert np.std(read_audio(path, RATE)) > 0.9 * np.std(sound)
    (span,) = read_spans(path, RATE, [(16000, 32000)])
    np.testing.assert_allclose(span, read_audio(path, RATE)[16000:32000], atol=1e-6)
    leave_out_broken(False)
    with pytest.warns(SedkdWarning, match=r"a\.\w+: its channels are of opposite polarity.*: one of them is heard$"):
        durations([path, other])


@pytest.mark.parametrize("gains", [(1.0, 0.0), (1.0, 1.0), (0.5, 0.5, 0.5, 0.5), (0.0, 0.0)])
def test_other_channels_are_averaged(tmp_path: Path, gains: tuple[float, ...]) -> None:
    """One that is silent, the same several times, nothing at all, each with an offset."""
    path = tmp_path / "a.wav"
    soundfile.write(path, chirp(1.0)[:, None] * np.array(gains) + 0.1, RATE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        durations([path])
    np.testing.assert_allclose(read_audio(path, RATE), chirp(1.0) * np.mean(gains) + 0.1, atol=1e-4)


def test_independent_channels_of_many_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal((RATE, 8)), RATE)
    assert audio_info(path).channel is None


def test_what_is_read_in_another_way_has_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed when half of a file was heard is not what is computed now; all other keys stay."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    plain, stream = tmp_path / "a.wav", tmp_path / "b.flac"
    written(plain)
    make(stream, "flac of a stream")
    first, second = content_hashes([plain, stream])
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert re.fullmatch("[0-9a-f]{32} stream,None", second)


@pytest.mark.parametrize("how", [{"subtype": "FLOAT"}, {"subtype": "DOUBLE"}, {"format": "AIFF", "subtype": "FLOAT"}])
def test_samples_that_are_no_numbers_are_told_before_anything_is_computed(tmp_path: Path, how: dict[str, str]) -> None:
    samples = chirp(FIRST)
    samples[-5] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, RATE, **how)
    with pytest.raises(BrokenAudio, match=r"a\.wav: holds samples that are not finite numbers"):
        audio_info(tmp_path / "a.wav")


@pytest.mark.parametrize(("loudest", "told"), [(32767.0, True), (8.0, False)])
def test_integers_that_were_saved_as_floats_are_told(tmp_path: Path, loudest: float, told: bool) -> None:
    """Recorders that write floats go beyond full scale, but not by so much."""
    soundfile.write(tmp_path / "a.wav", chirp(FIRST) / 0.3 * loudest, RATE, subtype="FLOAT")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leave_out_broken(False)
        durations([tmp_path / "a.wav"])
    said = [str(one.message) for one in caught]
    assert (
        any("a.wav: its samples go beyond 100 times full scale, as where integers are saved" in x for x in said) == told
    )


def test_a_name_that_is_not_utf8_is_told_escaped(tmp_path: Path) -> None:
    odd, good = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")), tmp_path / "good.wav"
    odd.write_bytes(written(good))
    past = time.time() - 60
    os.utime(odd, (past, past))  # old enough to be remembered
    time.sleep(0.2)
    with pytest.warns(SedkdWarning, match=r"caf\\udce9\.wav: cannot be read, since its name is not UTF-8; rename it"):
        assert readable([odd, good]) == [good]
    assert fault_of(odd).endswith("rename it")


def test_a_folder_whose_name_is_not_utf8_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    monkeypatch.chdir(odd)
    written(Path("a.wav"))
    past = time.time() - 60
    os.utime("a.wav", (past, past))
    time.sleep(0.2)
    assert audio_info(Path("a.wav")).duration == FIRST


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_recording(tmp_path: Path) -> None:
    written(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "x.wav")
    with pytest.warns(SedkdWarning, match=r"x\.wav: is a pipe, a socket or a device, no file; passed over"):
        assert audio_below(tmp_path) == [tmp_path / "a.wav"]
    with pytest.raises(BrokenAudio, match="is a pipe, a socket or a device, no audio file"):
        audio_info(tmp_path / "x.wav")


def test_files_come_in_the_order_given_whatever_is_known_of_them(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    for path in paths:
        soundfile.write(path, tone(1.0), 16000)
        os.utime(path, (1, 1))
    time.sleep(0.2)  # until what is found of them is kept
    audio_info(paths[2])
    assert list(sound_infos(paths)) == paths
    assert readable(reversed(paths)) == paths[::-1]

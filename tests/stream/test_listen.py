"""`sedkd listen` from a pipe and from a microphone, and what it refuses."""

import argparse
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from exported import LABELS, RATE, noise

from search.cli import detect as detect_command
from search.cli import listen as command
from search.cli import main
from search.cli.interruption import Interruption
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.export.reading import FACTS
from sedkd.stream import sources
from sedkd.stream.clips import Clips
from sedkd.stream.detection import Detection

Capture = pytest.CaptureFixture[str]


def samples(seconds: float, rate: int = RATE) -> np.ndarray:
    return np.rint(noise(seconds, rate, seed=9)[:, 0] * 32767).astype("<i2")


def listen(monkeypatch: pytest.MonkeyPatch, data: bytes, *argv: object) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return run(command, "listen", *argv)


def run(module, *argv: object) -> int:
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers())
    args = parser.parse_args(list(map(str, argv)))
    return args.run(args)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_pipe_and_a_file_tell_the_same(
    causal_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, rate: int
) -> None:
    sound = samples(12.0, rate)
    soundfile.write(tmp_path / "a.wav", sound, rate)
    assert listen(monkeypatch, sound.tobytes(), causal_export, "-", "--rate", rate) == 0
    out, err = capsys.readouterr()
    header, *rows = out.splitlines()
    assert header == "onset\toffset\tevent_label\tconfidence"
    assert {row.split("\t")[2] for row in rows} == set(LABELS)
    first, last = err.splitlines()
    assert first == f"listening at {rate} Hz; events are told up to 0.40 s later"
    assert re.fullmatch(r"heard 12\.0 s in \d+\.\d s: real-time factor \S+", last)
    assert run(detect_command, "detect", "--stream", causal_export, tmp_path / "a.wav") == 0
    table = [line.split("\t", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert table[0] == header
    assert sorted(rows) == sorted(table[1:])


def test_another_threshold(causal_export: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """As `sedkd detect` has it: of the one event fewer, of the other what there was."""
    data = samples(10.0).tobytes()
    counts = []
    for more in ((), ("--threshold", f"{LABELS[0].upper()}=0.999")):
        assert listen(monkeypatch, data, causal_export, "-", *more) == 0
        out = capsys.readouterr().out
        counts.append([out.count(f"\t{label}\t") for label in LABELS])
    assert counts[1][0] < counts[0][0]
    assert counts[1][1] == counts[0][1] > 0
    with pytest.raises(UserError, match="--threshold owl: the student hears bark, rain"):
        listen(monkeypatch, data, causal_export, "-", "--threshold", "owl=0.5")


def test_onsets_come_before_their_events(causal_export: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert listen(monkeypatch, samples(6.0).tobytes(), causal_export, "-", "--onsets", "--format", "jsonl") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    open_since: dict[str, float] = {}
    for row in rows:
        if "offset" in row:
            assert row["onset"] == open_since.pop(row["event_label"])
            assert 0 <= row["confidence"] <= 1
        else:
            assert set(row) == {"onset", "event_label"}
            open_since[row["event_label"]] = row["onset"]
    assert len(rows) > 5
    assert not open_since


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "stdin is empty; pipe 16-bit little-endian mono PCM at 16000 Hz into it"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "an audio file with a header.*sedkd detect --stream"),
        (b"fLaC", "an audio file with a header"),
        (b"ID3\4\0\0\0\0\0\0", "an audio file with a header"),
        (b"\0\0\0\x20ftypM4A ", "an audio file with a header"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "an audio file with a header"),  # WebM
        (b"RIFX\0\0\0\0", "an audio file with a header"),
        (b"BW64\xff\xff\xff\xff", "an audio file with a header"),
        (b"#!AMR\n<", "an audio file with a header"),
        (b"x", "stdin ended within a sample"),
        (bytes(3200) + b"x", "stdin ended within a sample"),
    ],
)
def test_what_is_no_pcm(causal_export: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        listen(monkeypatch, data, causal_export, "-")


@pytest.mark.parametrize(("rate", "bit_rate"), [(16000, 32000), (44100, 128000), (8000, 8000)])
def test_an_mp3_without_a_tag_is_no_pcm(causal_export: Path, monkeypatch: pytest.MonkeyPatch, rate, bit_rate) -> None:
    import av

    file = io.BytesIO()
    options = {"write_xing": "0", "id3v2_version": "0"}
    with av.open(file, "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=rate, bit_rate=bit_rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(noise(3.0, rate).T, format="fltp", layout="mono")
        frame.sample_rate = rate
        for part in (frame, None):
            container.mux(stream.encode(part))
    assert file.getvalue()[0] == 0xFF
    pipe = Trickle(file.getvalue())
    with pytest.raises(UserError, match="an audio file with a header"):
        list(sources.pcm_pieces(pipe, RATE))
    with pytest.raises(UserError, match="an audio file with a header"):
        listen(monkeypatch, file.getvalue(), causal_export, "-")


class Trickle(io.BytesIO):
    """A pipe that delivers little at a time."""

    def read1(self, size: int | None = -1) -> bytes:
        return super().read1(100)


def test_samples_that_begin_like_an_mp3_are_heard() -> None:
    """A header of a frame, and silence where the next one ought to be; a square wave of what looks like headers."""
    lonely = b"\xff\xfb\x90\x00" + bytes(6000)
    for data in (lonely, lonely[:400], b"\xff\xfb" * 3000, b"\xff\xf3\x40\xc0" + b"\xff\xf3" * 3000):
        heard = np.concatenate(list(sources.pcm_pieces(Trickle(data), RATE)))
        np.testing.assert_array_equal(heard, np.frombuffer(data, "<i2").astype(np.float32) / 32768)


def test_half_a_sample_costs_no_event(causal_export: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    data = samples(4.0).tobytes()
    assert listen(monkeypatch, data, causal_export, "-") == 0
    whole = capsys.readouterr().out
    with pytest.raises(UserError, match="within a sample"):
        listen(monkeypatch, data + b"x", causal_export, "-")
    assert capsys.readouterr().out == whole


def test_no_stdin(causal_export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UserError, match="stdin is closed"):
        run(command, "listen", causal_export, "-")


@pytest.mark.slow
def test_a_long_pipe_needs_constant_memory_and_ctrl_c_ends_it(causal_export: Path) -> None:
    """Half an hour is 58 MB of PCM; the pipe stays open, so that only Ctrl-C can end it."""
    minute = samples(60.0).tobytes()
    line = [sys.executable, "-m", "search.cli.main", "listen", str(causal_export), "-"]
    folder = Path(__file__).parents[2]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(line, cwd=folder, **pipes) as process:  # type: ignore[call-overload]
        out: list[bytes] = []
        reader = threading.Thread(target=lambda: out.append(process.stdout.read()))
        reader.start()
        process.stdin.write(minute)
        process.stdin.flush()
        before = peak(process.pid)
        for _ in range(30):
            process.stdin.write(minute)
        process.stdin.flush()
        growth = peak(process.pid) - before
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        err = process.stderr.read().decode().splitlines()
        reader.join()
    assert growth < 20_000  # kB
    assert err[-1].startswith("heard 18")
    assert "Traceback" not in "".join(err)
    assert len(out[0].splitlines()) > 1000


def peak(process: int) -> int:
    """The most memory of a process so far, in kB."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("there is no /proc to read a process's memory from")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])


FINE, OVERFLOWN = SimpleNamespace(input_overflow=False), SimpleNamespace(input_overflow=True)


class PortAudioError(Exception):
    pass


def microphone(monkeypatch: pytest.MonkeyPatch, speak, error: str | None = None) -> None:
    """A sounddevice whose only stream calls `speak(callback, blocksize)` in a thread of its own."""

    class RawInputStream:
        def __init__(self, samplerate: int, channels: int, dtype: str, blocksize: int, callback) -> None:
            assert (channels, dtype) == (1, "int16")
            if error:
                raise PortAudioError(error)
            self.thread = threading.Thread(target=speak, args=(callback, blocksize))

        def __enter__(self) -> None:
            self.thread.start()

        def __exit__(self, *_: object) -> None:
            self.thread.join()

    fake = SimpleNamespace(RawInputStream=RawInputStream, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)


def test_a_microphone_tells_what_a_pipe_tells_until_ctrl_c(
    causal_export: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    sound, handler = samples(4.0), signal.getsignal(signal.SIGINT)

    def speak(callback, size: int) -> None:
        for start in range(0, len(sound), size):
            callback(sound[start : start + size].tobytes(), size, None, FINE)
        while callback.__self__._waiting.qsize():
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    microphone(monkeypatch, speak)
    assert run(command, "listen", causal_export) == 0
    out, err = capsys.readouterr()
    assert "heard 4.0 s" in err
    assert signal.getsignal(signal.SIGINT) is handler
    assert listen(monkeypatch, sound.tobytes(), causal_export, "-") == 0
    assert capsys.readouterr().out == out


def test_a_microphone_that_is_not_kept_up_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound that nobody took is silence, so that the times stay true."""
    block = np.full(1280, 16384, "<i2").tobytes()
    spoken, taken = threading.Event(), threading.Event()

    def speak(callback, size: int) -> None:
        for _ in range(70):
            callback(block, size, None, FINE)
        spoken.set()
        taken.wait(60)
        callback(block, size, None, FINE)

    microphone(monkeypatch, speak)
    with sources.Microphone(RATE) as heard:
        spoken.wait(60)
        assert heard.lost == pytest.approx(8 * 0.08)  # 62 blocks wait at most
        pieces = heard.pieces()
        kept = [next(pieces) for _ in range(62)]
        taken.set()
        assert next(pieces).tolist() == [0.0] * 8 * 1280 + [0.5] * 1280
    assert all(piece.tolist() == [0.5] * 1280 for piece in kept)


def test_what_was_lost_is_told(causal_export: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A queue of two blocks, of which a third is lost; then the system drops some."""

    def speak(callback, size: int) -> None:
        for status in (FINE, FINE, FINE, OVERFLOWN):
            callback(bytes(2 * size), size, None, status)
        heard.set()

    heard = threading.Event()
    monkeypatch.setattr(sources, "HELD_SECONDS", 0.16)
    monkeypatch.setattr(sources, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(command, "Interruption", lambda: Patient(heard))
    microphone(monkeypatch, speak)
    with pytest.raises(UserError, match="the microphone has delivered nothing"):
        run(command, "listen", causal_export)
    err = capsys.readouterr().err
    assert "warning: fell behind, 0.16 s of sound were lost before 0.1 s; a smaller student keeps up\n" in err
    assert "warning: the system dropped sound before 0.1 s; times after it are too early\n" in err


class Patient(Interruption):
    """Takes the first piece only after the microphone has spoken."""

    def __init__(self, heard: threading.Event) -> None:
        super().__init__()
        self.heard = heard

    def waited_for(self, pieces):
        self.heard.wait(60)
        return super().waited_for(pieces)


def test_no_microphone(causal_export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    microphone(monkeypatch, lambda *_: None, "Error querying device -1")
    with pytest.raises(UserError, match=r"no microphone at 16000 Hz \(Error querying device -1\).*--rate"):
        run(command, "listen", causal_export)
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError, match=r"pip install 'sedkd\[microphone\]'"):
        run(command, "listen", causal_export)


def test_a_student_of_whole_recordings_in_one_line(causal_export: Path, tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(causal_export, tmp_path / "export")
    facts = json.loads((causal_export / FACTS).read_text())
    (tmp_path / "export" / FACTS).write_text(json.dumps({k: v for k, v in facts.items() if k != "stream"}))
    for words in (["listen", tmp_path / "export", "-"], ["detect", "--stream", tmp_path / "export", "a.wav"]):
        assert main.main(list(map(str, words))) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(r"error: .*: this student hears whole recordings; search with --lookahead .*\n", err)


def test_clips_hold_the_events_until_the_folder_is_full(
    causal_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    sound, folder = samples(20.0), tmp_path / "clips"
    assert listen(monkeypatch, sound.tobytes(), causal_export, "-", "--clips", folder) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
    paths = sorted(folder.iterdir())
    assert sorted((float(onset), label) for onset, _, label, _ in rows) == sorted(
        (float(path.stem.split("-")[1]), path.stem.split("-")[2]) for path in paths
    )
    for path in paths:
        heard, rate = soundfile.read(path, dtype="int16")
        first = max(round((float(path.stem.split("-")[1]) - 1.0) * RATE), 0)
        assert rate == RATE
        np.testing.assert_array_equal(heard, sound[first : first + len(heard)])
    held = sum(path.stat().st_size for path in paths)
    more = ("--clips", folder, "--clips-bytes", held + 50_000)
    assert listen(monkeypatch, sound.tobytes(), causal_export, "-", *more) == 0
    assert capsys.readouterr().err.count("is full") == 1
    assert sum(path.stat().st_size for path in folder.iterdir()) <= held + 50_000


def test_two_labels_that_are_written_alike_have_a_clip_each(tmp_path: Path) -> None:
    labels = ("Vogel (m)", "Vogel [m]")
    clips = Clips(tmp_path, 100, 10**6, labels)
    clips.feed(np.zeros(1000, np.float32))
    assert all(clips.write(Detection(Event(2.0, 3.0, label), 0.5)) for label in labels)
    assert len(list(tmp_path.iterdir())) == 2


def test_of_a_very_long_event_the_end_is_kept(tmp_path: Path) -> None:
    clips = Clips(tmp_path, 100, 10**6, ("rain / wind",))
    for number in range(200):
        clips.feed(np.full(100, number / 1000, np.float32))
    assert clips.write(Detection(Event(2.0, 199.0, "rain / wind"), 0.5))
    (path,) = tmp_path.iterdir()
    assert path.name.endswith("-0002.000-rain_wind.wav")
    sound = soundfile.read(path)[0]
    assert len(sound) == 6100
    assert sound[-1] == pytest.approx(0.199, abs=1e-4)
    assert sum(map(len, clips._held)) < 6300


def test_a_folder_for_clips_that_is_a_file(
    causal_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clips").write_text("")
    with pytest.raises(UserError, match=r"--clips .*: cannot be used"):
        listen(monkeypatch, samples(1.0).tobytes(), causal_export, "-", "--clips", tmp_path / "clips")


def test_a_bound_without_clips_is_a_mistake(causal_export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="--clips-bytes: bounds nothing without --clips DIR"):
        listen(monkeypatch, samples(1.0).tobytes(), causal_export, "-", "--clips-bytes", 1000)

"""How long an audio file really is, who can read it, whether its channels cancel each other, and whether its samples
are what samples can be.

Headers are believed where the file itself bears them out (WAV of one channel of integers); any other file is decoded
once. What was found is remembered, so that this is paid once in a file's life.
"""

import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.data.decoding import BrokenAudio, Reader, Sound, opened, require_file, require_sound, unreadable
from sedkd.data.mp3 import promised_seconds
from sedkd.data.riff import FLOATS, look_into
from sedkd.disk.remembered import remembered, state_of
from sedkd.errors import SedkdWarning

BLOCK_SECONDS = 10.0  # held at a time of what is only gone through
CUT_OFF_SECONDS = 0.2  # a header may promise a little more than the file holds, but no more than this
ALIKE_SECONDS = 0.05  # two decoders may differ by so much over the same file
RATES = (1000, 1_000_000)  # Hz; beyond them a header is damaged
CANCELLED = 0.2  # of the variance that the mean of independent channels would have
LOUDEST = 100.0  # times full scale; recorders that write floats go above it, but not by 40 dB

MEMORY = "audio 2"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """An audio file: `rate` in Hz, `frames` per channel, who reads it, the one `channel` to hear where the mean of all
    would cancel out (None: the mean), the seconds that a WAV file's header promises and that are `missing`, and whether
    samples are `unscaled`: integers that were saved as floats, not -1..1."""

    rate: int
    frames: int
    reader: Reader = "file"
    channel: int | None = None
    missing: float = 0.0
    unscaled: bool = False

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate

    @property
    def seeks(self) -> bool:
        """Whether it can be read from anywhere; a stream is read from its beginning."""
        return self.reader != "stream"

    @property
    def manner(self) -> str:
        """Names how it is read, where that is not the usual way: part of the keys of what is computed from it."""
        return "" if self.reader == "file" and self.channel is None else f"{self.reader},{self.channel}"


def audio_infos(
    paths: Iterable[Path], progress: Callable[[int, int], None] | None = None
) -> dict[Path, AudioInfo | BrokenAudio]:
    """What is known of every file, in the order given, or why it cannot be used. `progress(done, total)` counts those
    looked into anew."""
    wanted = list(dict.fromkeys(paths))
    states = {path: state_of(path) for path in wanted}
    found: dict[Path, AudioInfo | BrokenAudio] = {
        path: _seen[path, state] for path, state in states.items() if state and (path, state) in _seen
    }
    missing = [path for path in wanted if path not in found]
    for path, answer in zip(missing, remembered(MEMORY, missing, _inspected, progress), strict=True):
        found[path] = AudioInfo(**json.loads(answer)) if answer else _fault(path)
        info, state = found[path], states[path]
        if state and isinstance(info, AudioInfo):
            _seen[path, state] = info
    return {path: found[path] for path in wanted}


def sound_infos(paths: Iterable[Path]) -> dict[Path, AudioInfo]:
    """What is known of every file, in the order given. BrokenAudio names the first that is missing, unreadable, damaged
    or empty."""
    found: dict[Path, AudioInfo] = {}
    for path, info in audio_infos(paths).items():
        if isinstance(info, BrokenAudio):
            raise info
        found[path] = info
    return found


def readable(paths: Iterable[Path]) -> list[Path]:
    """Those files that can be used, each once; a warning names each of the others."""
    found = []
    for path, info in audio_infos(paths).items():
        if isinstance(info, BrokenAudio):
            warnings.warn(f"{info}; passed over", SedkdWarning, stacklevel=2)
        else:
            found.append(path)
    return found


def audio_info(path: Path) -> AudioInfo:
    """What is known of a file; see `sound_infos`."""
    return sound_infos([path])[path]


def require_whole(path: Path, missing_seconds: float) -> None:
    """BrokenAudio when more is missing of a file than its header may promise too much."""
    if missing_seconds > CUT_OFF_SECONDS:
        raise BrokenAudio(f"{path}: ends {missing_seconds:.2f} s before the length in its header; it is cut off")


def notes_on(infos: Mapping[Path, AudioInfo]) -> list[str]:
    """What a person should know of how these files are read: a line per kind, with the first file and how many more."""
    kinds: Sequence[tuple[str, Callable[[AudioInfo], bool]]] = (
        ("its channels are of opposite polarity, so that their mean is silence: one of them is heard",
         lambda info: info.channel is not None),
        ("holds more audio than its WAV header says, as after a loss of power: all of it is heard",
         lambda info: info.reader == "part"),
        ("ends before the length in its WAV header: what is there is heard",
         lambda info: info.missing > CUT_OFF_SECONDS),
        (f"its samples go beyond {LOUDEST:g} times full scale, as where integers are saved as floats: divide them by "
         "32768 and save it again", lambda info: info.unscaled),
    )  # fmt: skip
    lines = []
    for what, is_so in kinds:
        names = [path for path, info in infos.items() if is_so(info)]
        more = f" (so do {len(names) - 1} more)" if len(names) > 1 else ""
        lines += [f"{names[0]}: {what}{more}"] if names else []
    return lines


def inspect(path: Path) -> AudioInfo:
    """Look into a file, decoding it where that is needed.

    Raises:
        BrokenAudio: it is missing, no plain file, unreadable, damaged, cut off or empty, its name is not UTF-8, or a
            sample that was read is no number.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise unreadable(path) from error
    if magic in (b"RIFF", b"RIFX", b"RF64", b"riff"):
        info = _wav(path)
    elif magic in (b"fLaC", b"OggS", b"FORM", b"caff"):
        info = _counted(path, _header(path))
    else:
        info = _counted(path, None)
    if info.frames <= 0:
        raise BrokenAudio(f"{path}: the audio file is empty; remove it, or record it again")
    return info


_seen: dict[tuple[Path, Any], AudioInfo] = {}  # of this process


def _inspected(path: Path) -> str | None:
    try:
        return json.dumps(asdict(inspect(path)))
    except BrokenAudio:
        return None  # to be looked at again: a disk may have failed for a moment


def _fault(path: Path) -> AudioInfo | BrokenAudio:
    try:
        return inspect(path)
    except BrokenAudio as error:
        return error


def _wav(path: Path) -> AudioInfo:
    wav = look_into(path)
    if wav is not None and wav.holds_more:
        _require_rate(path, wav.layout.rate)
        info = AudioInfo(wav.layout.rate, wav.frames, "part")
        return _heard_through(path, info) if wav.layout.channels > 1 or wav.layout.subtype in FLOATS else info
    rate, frames, channels, subtype = _soundfile_info(path)
    _require_rate(path, rate)
    if not (subtype.startswith("PCM") or subtype in (*FLOATS, "ULAW", "ALAW")):  # compressed, as mp3 or ADPCM
        return _counted(path, None)
    info = AudioInfo(rate, frames, missing=0.0 if wav is None else wav.missing_seconds)
    return _heard_through(path, info) if (channels > 1 or subtype in FLOATS) and frames > 0 else info


def _heard_through(path: Path, info: AudioInfo) -> AudioInfo:
    """The same with what its samples tell."""
    with opened(path, info.reader) as sound:
        _, channel, unscaled = _gone_through(path, sound)
    return replace(info, channel=channel, unscaled=unscaled)


def _counted(path: Path, header: tuple[int, int] | None) -> AudioInfo:
    """A file decoded to its end. `header`: rate and frames as soundfile believes them, where it can read it."""
    with opened(path, "stream") as sound:
        _require_rate(path, sound.rate)
        frames, channel, unscaled = _gone_through(path, sound)
        rate, said = sound.rate, sound.promised
    seconds = frames / rate
    if header is not None and header[0] and abs(header[1] / header[0] - seconds) <= ALIKE_SECONDS:
        return AudioInfo(*header, "file", channel, unscaled=unscaled)
    promised = (promised_seconds(path) or said) if header is None else _believable(*header, seconds)
    require_whole(path, promised - seconds)
    return AudioInfo(rate, frames, "stream", channel, unscaled=unscaled)


def _believable(rate: int, frames: int, seconds: float) -> float:
    """The seconds that a header promises; those of a stream whose length nobody knew are none."""
    return frames / rate if 0 < frames < 1 << 53 else seconds


def _header(path: Path) -> tuple[int, int] | None:
    try:
        rate, frames, _, _ = _soundfile_info(path)
    except BrokenAudio:
        return None
    return rate, frames


def _soundfile_info(path: Path) -> tuple[int, int, int, str]:
    """Rate, frames, channels, and how samples are written, as soundfile calls it."""
    import soundfile

    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise unreadable(path) from error
    return info.samplerate, info.frames, info.channels, info.subtype


def _gone_through(path: Path, sound: Sound) -> tuple[int, int | None, bool]:
    """How many samples a file holds, the one channel to hear where the mean of all would cancel out, and whether they
    are unscaled. BrokenAudio where one is no finite number."""
    frames, sums, squares, mean_square = 0, np.zeros(sound.channels), np.zeros(sound.channels), 0.0
    peak = 0.0
    while len(block := sound.read(round(BLOCK_SECONDS * sound.rate))):
        frames += len(block)
        peak = max(peak, require_sound(path, block))
        if sound.channels > 1:
            sums += block.sum(axis=0, dtype=np.float64)
            squares += np.einsum("nc,nc->c", block, block, dtype=np.float64)
            mean_square += float(np.square(block.mean(axis=1), dtype=np.float64).sum())
    unscaled = peak > LOUDEST
    if frames == 0 or sound.channels == 1:
        return frames, None, unscaled
    variances = squares / frames - (sums / frames) ** 2
    mean_variance = mean_square / frames - float(sums.mean() / frames) ** 2
    independent = float(variances.sum()) / sound.channels**2
    if mean_variance >= CANCELLED * independent:
        return frames, None, unscaled
    return frames, int(np.argmax(variances)), unscaled


def _require_rate(path: Path, rate: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise BrokenAudio(
            f"{path}: its header says {rate} Hz, and rates from {RATES[0]} to {RATES[1]} Hz are read; mend the header"
        )

"""Features on disk: the log-mel frames of a list of recordings as one memory-mapped array.

A pack is keyed by the content of the audio and the feature settings, written once, atomically, and read by every
trial. Frames are fp16, which holds log-mel values to three digits.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sedkd.data.audio import content_hash, read_audio
from sedkd.data.recordings import Recording
from sedkd.features.logmel import FeatureSettings
from sedkd.paths import cache_root, written_atomically

VERSION = 1


@dataclass(frozen=True)
class Pack:
    """Frames `[total_frames, n_mels]` (fp16, memory-mapped); recording i owns rows `starts[i]:starts[i + 1]`."""

    key: str
    frames: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, index: int) -> np.ndarray:
        """Frames `[frames, n_mels]` of one recording."""
        return self.frames[self.starts[index] : self.starts[index + 1]]


def pack_key(recordings: Sequence[Recording], settings: FeatureSettings) -> str:
    """Hexadecimal key of a pack: version, settings and every recording's content, in order."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([VERSION, settings.as_dict()], sort_keys=True).encode())
    for recording in recordings:
        digest.update(content_hash(recording.path).encode())
    return digest.hexdigest()


def frame_count(duration: float, settings: FeatureSettings) -> int:
    """Frames of a recording of `duration` seconds (resampling rounds the number of samples up)."""
    return int(np.ceil(round(duration * settings.rate, 3))) // settings.hop


def features_of(
    recordings: Sequence[Recording],
    settings: FeatureSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Pack:
    """The pack of these recordings: from the cache, or computed and kept. `progress(done, total)` counts files."""
    key = pack_key(recordings, settings)
    folder = cache_root() / "features"
    array, index = folder / f"{key}.npy", folder / f"{key}.json"
    if not (index.exists() and array.exists()):
        begins = _write(array, recordings, settings, progress)
        with written_atomically(index) as temporary:
            temporary.write_text(json.dumps({"starts": begins, "settings": settings.as_dict()}))
    starts = np.asarray(json.loads(index.read_text())["starts"], dtype=np.int64)
    return Pack(key, np.load(array, mmap_mode="r"), starts)


def _write(
    array: Path,
    recordings: Sequence[Recording],
    settings: FeatureSettings,
    progress: Callable[[int, int], None] | None,
) -> list[int]:
    import torch

    from sedkd.features.logmel import LogMel

    counts = [max(frame_count(r.duration, settings), 1) for r in recordings]
    starts = [0, *np.cumsum(counts).tolist()]
    logmel = LogMel(settings)
    with written_atomically(array) as temporary, torch.inference_mode():
        rows = np.lib.format.open_memmap(temporary, "w+", np.float16, (max(starts[-1], 1), settings.n_mels))
        for i, recording in enumerate(recordings):
            samples = torch.from_numpy(read_audio(recording.path, settings.rate))
            shortest = max(settings.hop, settings.n_fft)  # reflection needs more samples than half a window
            if len(samples) < shortest:
                samples = torch.nn.functional.pad(samples, (0, shortest - len(samples)))
            frames = logmel(samples[None])[0].numpy()[: counts[i]]
            rows[starts[i] : starts[i] + len(frames)] = frames
            if len(frames) < counts[i]:  # an mp3's header may promise a few samples more than it holds
                rows[starts[i] + len(frames) : starts[i + 1]] = frames[-1]
            if progress:
                progress(i + 1, len(recordings))
        rows.flush()
    return starts

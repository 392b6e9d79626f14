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

from sedkd.data.impulse_responses import ImpulseResponse
from sedkd.data.recordings import Recording, content_hashes
from sedkd.disk.json_file import write_json
from sedkd.disk.kept import kept, whole
from sedkd.disk.paths import cache_root
from sedkd.disk.unfinished import alone, telling
from sedkd.features.build import build
from sedkd.features.settings import FeatureSettings

VERSION = 1


@dataclass(frozen=True)
class Pack:
    """Frames `[total_frames, n_mels]` (fp16, memory-mapped); recording i owns rows `starts[i]:starts[i + 1]`."""

    key: str
    frames: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def rows(self) -> np.ndarray:
        """The frames of all recordings, `[starts[-1], n_mels]`: none where there are no recordings, of which the file
        holds one row."""
        return self.frames[: self.starts[-1]]

    def of(self, index: int) -> np.ndarray:
        """Frames `[frames, n_mels]` of one recording."""
        return self.frames[self.starts[index] : self.starts[index + 1]]


def pack_key(
    recordings: Sequence[Recording], settings: FeatureSettings, responses: Sequence[ImpulseResponse] = ()
) -> str:
    """Hexadecimal key of a pack: version, settings, every recording's content, in order, and every response's."""
    digest = hashlib.blake2b(digest_size=16)
    through = [[response.content for response in responses]] if responses else []
    digest.update(json.dumps([VERSION, settings.as_dict(), *through], sort_keys=True).encode())
    for content in content_hashes([recording.path for recording in recordings]):
        digest.update(content.encode())
    return digest.hexdigest()


def frame_count(duration: float, settings: FeatureSettings) -> int:
    """Frames of a recording of `duration` seconds (resampling rounds the number of samples up)."""
    return int(np.ceil(round(duration * settings.rate, 3))) // settings.hop


def features_of(
    recordings: Sequence[Recording],
    settings: FeatureSettings,
    progress: Callable[[int, int], None] | None = None,
    responses: Sequence[ImpulseResponse] = (),
) -> Pack:
    """The pack of these recordings, each heard through one of the responses where there are some: from the cache, or
    computed and kept.

    `progress(done, total)` counts recordings, of long ones their pieces. A killed computation is taken up where it
    stopped; of several processes one computes and the others wait for it.
    """
    key = pack_key(recordings, settings, responses)
    folder = cache_root() / "features"
    array, index = folder / f"{key}.npy", folder / f"{key}.json"

    def read(path: Path) -> Pack:
        """The pack whose index this is; FileNotFoundError where the array is gone."""
        starts = np.asarray(json.loads(path.read_text())["starts"], dtype=np.int64)
        frames = np.load(array, mmap_mode="r")
        if len(starts) != len(recordings) + 1 or frames.shape != (max(starts[-1], 1), settings.n_mels):
            raise ValueError(f"{array.name} holds {frames.shape} instead of the rows of {len(recordings)} recordings")
        return Pack(key, frames, starts)

    pack = kept(index, read)
    if pack is None:
        counts = [max(frame_count(r.duration, settings), 1) for r in recordings]
        begins = [0, *np.cumsum(counts).tolist()]
        with alone(
            f"features-{key}", lambda: whole(index, read) is not None, telling(progress, len(recordings))
        ) as work:
            if work:
                made = build(recordings, begins, settings, work, progress, responses)
                write_json(index, {"starts": begins, "settings": settings.as_dict()})
                made.replace(array)  # last: killed before, the rows are still where they will be looked for
        pack = read(index)
    return pack

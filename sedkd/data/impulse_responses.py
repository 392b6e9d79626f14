"""Impulse responses of microphones and rooms, through which training clips are heard a second time.

A detector is trained on what a recorder heard and then listens with a microphone of its own. Convolving recordings with
the device's response makes them sound as it would have heard them (device impulse response augmentation, Morocutti et
al. 2023).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_audio
from sedkd.data.decoding import AUDIO_SUFFIXES
from sedkd.data.folders import audio_below
from sedkd.data.inspection import audio_info
from sedkd.data.recordings import content_hashes
from sedkd.errors import UserError

MAX_SECONDS = 10.0  # what is longer is a recording


@dataclass(frozen=True)
class ImpulseResponse:
    """A file that holds one, and what names its content."""

    path: Path
    content: str

    def taps(self, rate: int) -> np.ndarray:
        """Its samples `[n]` at `rate` Hz, of unit energy: what is heard through it is about as loud as before."""
        return _taps(self.path, self.content, rate)

    def heard(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Mono samples `[n]` as heard through it, `[n]`: events stay where they are, because its peak, the direct
        sound, is taken for its beginning."""
        from scipy.signal import oaconvolve

        taps = self.taps(rate)
        peak = int(np.abs(taps).argmax())
        return oaconvolve(samples, taps)[peak : peak + len(samples)].astype(np.float32)


def impulse_responses(folder: Path) -> tuple[ImpulseResponse, ...]:
    """Those of a folder and of the folders in it, one a file.

    Raises:
        UserError: there is none, or a file is silent, too long, or cannot be read.
    """
    paths = audio_below(folder)
    if not paths:
        what = "no audio file is there" if folder.is_dir() else "no such folder"
        kinds = ", ".join(suffix[1:] for suffix in AUDIO_SUFFIXES)
        raise UserError(f"--impulse-responses {folder}: {what}; expected a folder of impulse responses ({kinds})")
    for path in paths:
        info = audio_info(path)
        if info.duration > MAX_SECONDS:
            raise UserError(
                f"{path}: lasts {info.duration:.1f} s; an impulse response lasts {MAX_SECONDS:g} s at most: cut it, or "
                "take recordings out of the folder of --impulse-responses"
            )
        if not np.abs(read_audio(path, info.rate)).max() > 0:
            raise UserError(f"{path}: is silent, and so no impulse response: take it out of the folder")
    return tuple(map(ImpulseResponse, paths, content_hashes(paths)))


def response_for(content: str, responses: Sequence[ImpulseResponse]) -> ImpulseResponse:
    """The one through which the recording of this content is heard: always the same, and all about equally often."""
    drawn = hashlib.blake2b(content.encode(), digest_size=8).digest()
    return responses[int.from_bytes(drawn, "big") % len(responses)]


@lru_cache(maxsize=64)
def _taps(path: Path, content: str, rate: int) -> np.ndarray:
    samples = read_audio(path, rate)
    return samples / np.float32(np.sqrt(np.square(samples, dtype=np.float64).sum()))

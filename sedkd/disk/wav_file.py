"""WAV: files written whole, whose errors are the disk's own."""

import io
from pathlib import Path

import numpy as np

from sedkd.disk.paths import written_atomically


def write_wav(path: Path, samples: np.ndarray, rate: int, subtype: str) -> None:
    """Write samples `[n]` whole or not at all, in libsndfile's `subtype`, such as PCM_16; its folder is made.

    Raises:
        OSError: the disk is full, say; names `path`.
    """
    import soundfile

    # Encoded in memory: of a disk that does not serve libsndfile says "System error." alone, in an error of its own.
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, rate, format="WAV", subtype=subtype)
    with written_atomically(path) as temporary:
        temporary.write_bytes(encoded.getbuffer())

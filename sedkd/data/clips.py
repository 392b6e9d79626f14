"""Clips cut out of recordings, as WAV files."""

from pathlib import Path

import numpy as np

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

FULL_SCALE = 32768


def write_clip(path: Path, sound: np.ndarray, rate: int) -> None:
    """Write mono samples `[n]` float32 at `rate` Hz as they are: in 16 bits where these hold them, else as floats, of
    which recorders write some beyond full scale and others far below what 16 bits tell apart.

    Raises:
        UserError: the file cannot be written.
    """
    import soundfile

    steps = sound * np.float32(FULL_SCALE)
    whole = bool((np.rint(steps) == steps).all())
    fits = whole and steps.min(initial=0) >= -FULL_SCALE and steps.max(initial=0) < FULL_SCALE
    samples, subtype = (steps.astype(np.int16), "PCM_16") if fits else (sound, "FLOAT")
    try:
        with written_atomically(path) as temporary:
            soundfile.write(temporary, samples, rate, format="WAV", subtype=subtype)
    except (OSError, soundfile.LibsndfileError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be written ({why}); name another folder") from error

"""Clips cut out of recordings, as WAV files."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sedkd.disk.wav_file import write_wav
from sedkd.errors import UserError

FULL_SCALE = 32768


def plain(text: str) -> str:
    """Text as a part of a file's name: letters, digits, `_`, `.` and `-`."""
    return re.sub(r"[^\w.-]+", "_", text).strip(".") or "_"


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """Label -> its own part of a file's name. Of labels that would be called alike (where case makes no difference)
    the later ones get a number, so that a detector's labels are called alike in every call."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in dict.fromkeys(labels):
        name, copy = plain(label), 2
        while name.casefold() in taken:
            name, copy = f"{plain(label)}-{copy}", copy + 1
        taken.add(name.casefold())
        names[label] = name
    return names


def write_clip(path: Path, sound: np.ndarray, rate: int) -> None:
    """Write mono samples `[n]` float32 at `rate` Hz as they are: in 16 bits where these hold them, else as floats, of
    which recorders write some beyond full scale and others far below what 16 bits tell apart.

    Raises:
        UserError: the file cannot be written.
    """
    steps = sound * np.float32(FULL_SCALE)
    whole = bool((np.rint(steps) == steps).all())
    fits = whole and steps.min(initial=0) >= -FULL_SCALE and steps.max(initial=0) < FULL_SCALE
    samples, subtype = (steps.astype(np.int16), "PCM_16") if fits else (sound, "FLOAT")
    try:
        write_wav(path, samples, rate, subtype)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another folder") from error

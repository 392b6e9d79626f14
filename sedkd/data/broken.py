"""Broken audio files among recordings: an error that names the first, or, once a person said so, all left out.

What a person said holds for the whole process, its threads included, like the seal on the test split. It decides
nothing but which recordings there are.
"""

import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sedkd.data.audio import BrokenAudio, audio_info, fault_of
from sedkd.data.remembered import remembered
from sedkd.errors import SedkdWarning

OPTION = "--skip-bad"
_said = {"leave_out": False}
_told: set[str] = set()  # each is told once, however often its split is read


def leave_out_broken(yes: bool) -> None:
    """Say what becomes of broken files from now on."""
    _said["leave_out"] = yes
    _told.clear()


def durations(paths: Sequence[Path]) -> dict[Path, float]:
    """The length of every recording in seconds. Where broken ones are left out, they are missing, with a warning each.

    To leave them out, every file is read to its end, and what was found is remembered; otherwise headers are read.

    Raises:
        BrokenAudio: a header cannot be read, and broken files are not left out.
    """
    if not _said["leave_out"]:
        with mentioning_option():
            return {path: audio_info(path).duration for path in paths}
    faults = dict(zip(paths, remembered("fault", paths, fault_of), strict=True))
    for fault in faults.values():
        if fault and fault not in _told and multiprocessing.parent_process() is None:  # workers need not say it again
            warnings.warn(f"{fault}; left out", SedkdWarning, stacklevel=2)
            _told.add(fault)
    return {path: audio_info(path).duration for path, fault in faults.items() if not fault}


@contextmanager
def mentioning_option() -> Iterator[None]:
    """What a broken file's error says to a person whose recordings it is among."""
    try:
        yield
    except BrokenAudio as error:
        raise BrokenAudio(f"{error} ({OPTION} leaves broken files out)") from error

"""Broken audio files among recordings: an error that names the first, or, once a person said so, all left out.

What a person said holds for the whole process, its threads included, like the seal on the test split. It decides
nothing but which recordings there are.
"""

import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sedkd.data.audio import fault_of
from sedkd.data.decoding import BrokenAudio
from sedkd.data.inspection import notes_on, sound_infos
from sedkd.disk.remembered import remembered
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

    To leave them out, every file is read to its end, and what was found is remembered; otherwise only those whose
    headers do not settle it. What a person should know of how they are read is a warning.

    Raises:
        BrokenAudio: a file cannot be used, and broken ones are not left out.
    """
    if _said["leave_out"]:
        faults: dict[Path, str] = {}

        def whole(path: Path) -> str | None:
            """Only that there is no fault is remembered: a disk may have failed for a moment."""
            faults[path] = fault_of(path)
            return None if faults[path] else ""

        remembered("whole 1", paths, whole)
        told = [faults[path] for path in paths if faults.get(path)]
        for fault in told:
            _tell(f"{fault}; left out")
        paths = [path for path in paths if not faults.get(path)]
    with mentioning_option():
        infos = sound_infos(paths)
    for note in notes_on(infos):
        _tell(note)
    return {path: info.duration for path, info in infos.items()}


@contextmanager
def mentioning_option() -> Iterator[None]:
    """What a broken file's error says to a person whose recordings it is among."""
    try:
        yield
    except BrokenAudio as error:
        raise BrokenAudio(f"{error} ({OPTION} leaves broken files out)") from error


def _tell(line: str) -> None:
    """Warn once. Workers need not say it again."""
    if line not in _told and multiprocessing.parent_process() is None:
        warnings.warn(line, SedkdWarning, stacklevel=3)
        _told.add(line)

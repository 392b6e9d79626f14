"""Recordings of nothing: all samples are the same, as of a microphone that was not plugged in, or a muted export."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_blocks
from sedkd.data.decoding import BrokenAudio
from sedkd.data.recordings import Recording
from sedkd.disk.remembered import remembered

MEMORY = "silence 1"
FIRST = 8000  # frames, in which nearly every recording shows that it is none


def events_in_silence(recordings: Iterable[Recording]) -> list[str]:
    """A line that names the first of the recordings that have events and hold nothing, and tells how many there are."""
    silent = _silent([recording.path for recording in recordings if recording.events])
    if not silent:
        return []
    more = f", as do {len(silent) - 1} more recordings with events" if len(silent) > 1 else ""
    return [f"{silent[0]}: has events, and holds nothing but silence (all of its samples are the same){more}: mend it"]


def _silent(paths: Sequence[Path]) -> list[Path]:
    paths = list(dict.fromkeys(paths))
    return [path for path, answer in zip(paths, remembered(MEMORY, paths, _answer), strict=True) if answer == "silent"]


def _answer(path: Path) -> str | None:
    try:
        return "heard" if _varies(path, FIRST) or _varies(path, None) else "silent"
    except BrokenAudio:
        return None  # who reads it will say so


def _varies(path: Path, frames: int | None) -> bool:
    """Whether any sample of the first `frames` (all) differs from the first of its channel."""
    first: np.ndarray | None = None
    for block in read_blocks(path, 0, frames):
        first = block[0] if first is None else first
        if (block != first).any():
            return True
    return False

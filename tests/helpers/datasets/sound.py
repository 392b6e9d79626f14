"""Audio for dataset fixtures: noise in which each label is a tone of its own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

SECONDS = 2.0
Row = tuple[float, float, str]  # onset, offset, label


def write_sound(
    path: Path, rows: Sequence[Row], seed: int, rate: int = 16000, seconds: float = SECONDS, **more: object
) -> None:
    """A file of `seconds`; rows that reach past its end are cut. `more` goes to soundfile (subtype)."""
    time = np.arange(round(rate * seconds)) / rate
    audio = 0.01 * np.random.default_rng(seed).standard_normal(len(time))
    for onset, offset, label in rows:
        hertz = 200 + sum(map(ord, label)) % 30 * 100
        audio += 0.3 * np.sin(2 * np.pi * hertz * time) * ((time >= onset) & (time < offset))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio.astype(np.float32), rate, **more)


def write_text(path: Path, lines: Sequence[str], end: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(end.join(lines) + end, encoding="utf-8", newline="")

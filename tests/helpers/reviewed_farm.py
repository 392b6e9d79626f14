"""A farm of small recordings, and a review of its unlabelled ones by a student that hears something."""

from pathlib import Path

import numpy as np
import soundfile

from sedkd.review.candidates import Candidate, Scored, hours_of
from sedkd.review.review import Review, review_of

RATE = 16000
SECONDS = 6.0


def recordings(folder: Path, count: int) -> list[Path]:
    """Noise with a tone from 2 to 3 s."""
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(RATE * SECONDS)) / RATE
    found = []
    for place in range(count):
        noise = 0.01 * np.random.default_rng(place).standard_normal(len(time))
        tone = 0.2 * np.sin(2 * np.pi * (300 + 50 * place) * time) * ((time >= 2) & (time < 3))
        found.append(folder / f"{place}.wav")
        soundfile.write(found[-1], (noise + tone).astype(np.float32), RATE)
    return found


def candidates(paths: list[Path], label: str, count: int, seed: int = 0) -> list[Candidate]:
    """Spans of a second, scores uniform from 0.05 to 1."""
    scores = np.random.default_rng(seed).uniform(0.05, 1, count).round(4).tolist()
    return [Candidate(paths[i % len(paths)], 2.0, 3.0, label, score) for i, score in enumerate(scores)]


def small_review(folder: Path, clips: int = 4, labels: tuple[str, ...] = ("bell", "hum"), count: int = 20) -> Review:
    """A review of some clips, drawn by spread; all labels have `count` candidates."""
    paths = recordings(folder, 3)
    found = [c for i, label in enumerate(labels) for c in candidates(paths, label, count, i)]
    return review_of(Scored(found, hours_of(paths), {}), labels, clips, "spread", 0, "peak")

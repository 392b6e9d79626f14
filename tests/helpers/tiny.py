"""Tiny recordings and folders that tests write for themselves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from sedkd.data.events import Event, write_annotations

RATE = 16000
HERTZ = {"low": 300.0, "high": 3000.0, "mid": 1000.0}


def tone(seconds: float, hertz: float = 440.0, rate: int = RATE, level: float = 0.3) -> np.ndarray:
    """A sine of the given amplitude, float32 [samples]."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def clip(seconds: float, events: Sequence[Event], seed: int = 0) -> np.ndarray:
    """Soft noise in which every event is a tone of its label's own frequency (`HERTZ`), float32 [samples]."""
    samples = 0.003 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    for event in events:
        rows = slice(round(event.onset * RATE), min(round(event.offset * RATE), len(samples)))
        samples[rows] += tone(seconds, HERTZ[event.event_label], level=0.3)[rows]
    return samples.astype(np.float32)


def random_events(labels: Sequence[str], seconds: float, rng: np.random.Generator) -> list[Event]:
    """One event of each label, somewhere."""
    found = []
    for label in labels:
        onset = float(rng.uniform(0, seconds / 2))
        found.append(Event(round(onset, 3), round(onset + float(rng.uniform(0.3, seconds / 2)), 3), label))
    return sorted(found)


def write_split(folder: Path, split: str, clips: Mapping[str, Sequence[Event]], seconds: float) -> None:
    """`<folder>/<split>/*.wav` with `<folder>/<split>.tsv`."""
    (folder / split).mkdir(parents=True, exist_ok=True)
    for number, (name, events) in enumerate(clips.items()):
        soundfile.write(folder / split / name, clip(seconds, events, seed=hash_free(split, number)), RATE)
    write_annotations(folder / f"{split}.tsv", clips)


def hash_free(split: str, number: int) -> int:
    """A seed that differs between splits and numbers."""
    return sum(map(ord, split)) * 1000 + number


def write_folder(root: Path, labels: Mapping[str, Sequence[str]], clips: int = 4, seconds: float = 1.5) -> Path:
    """A generic folder: environment -> its labels; train, validation, test and unlabeled recordings."""
    for place, (name, own) in enumerate(labels.items()):
        rng = np.random.default_rng(place)
        for split in ("train", "validation", "test"):
            made = {f"{split}{i}.wav": random_events(own, seconds, rng) for i in range(clips)}
            write_split(root / name, split, made, seconds)
        write_split(
            root / name, "unlabeled", {f"u{i}.wav": random_events(own, seconds, rng) for i in range(2)}, seconds
        )
        (root / name / "unlabeled.tsv").unlink()
    return root

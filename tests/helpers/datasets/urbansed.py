"""URBAN-SED v2."""

from pathlib import Path

from datasets.sound import Row, write_sound, write_text

ROWS: list[list[Row]] = [
    [(0.2, 0.9, "siren"), (1.0, 1.6, "dog_bark")],
    [(0.1, 0.7, "dog_bark")],
    [(0.5, 1.1, "siren"), (0.3, 0.8, "dog_bark")],
]
COUNTS = {"train": 3, "validate": 2, "test": 2}


def write(root: Path) -> Path:
    for place, (split, count) in enumerate(COUNTS.items()):
        for number in range(count):
            stem, rows = f"soundscape_{split}_bimodal{number}", ROWS[number]
            write_sound(root / "audio" / split / f"{stem}.wav", rows, 500 + 10 * place + number)
            lines = [f"{on}\t{off}\t{label}" for on, off, label in rows]
            write_text(root / "annotations" / split / f"{stem}.txt", lines)
            write_text(root / "annotations" / split / f"{stem}.jams", ["{}"])
    return root

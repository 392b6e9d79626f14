"""DESED."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.sound import Row, write_sound, write_text

HEADER = "filename\tonset\toffset\tevent_label"
SOUNDSCAPES: Mapping[str, Sequence[Row]] = {
    "0.wav": [(0.2, 0.9, "Speech"), (1.0, 1.6, "Dog")],
    "1.wav": [(0.1, 0.7, "Dog")],
    "2.wav": [(0.5, 1.1, "Speech")],
}
STRONG: Mapping[str, Sequence[Row]] = {"Yreal_id-1_30.000_40.000.wav": [(0.3, 0.9, "Speech")]}
WEAK = {"Yweak1_0.000_10.000.wav": "Speech,Dog", "Yweak2_0.000_10.000.wav": "Dog"}
UNLABELED = ("Yfree1_0.000_10.000.wav", "Yfree2_0.000_10.000.wav")
VALIDATION: Mapping[str, Sequence[Row]] = {
    "Yval1_10.000_20.000.wav": [(0.2, 0.8, "Speech"), (1.2, 9.9, "Dog")],  # ends after the clip
    "Yval2_10.000_20.000.wav": [(0.1, 0.9, "Dog")],
    "Yval3_10.000_20.000.wav": [],
}
PUBLIC: Mapping[str, Sequence[Row]] = {
    "Ytest1_10.000_20.000.wav": [(0.2, 0.8, "Speech")],
    "Ytest2_10.000_20.000.wav": [(0.1, 0.9, "Dog")],
}


def write_strong(root: Path, table: str, folder: str, clips: Mapping[str, Sequence[Row]], seed: int) -> None:
    lines = [HEADER]
    for place, (name, rows) in enumerate(clips.items()):
        write_sound(root / "audio" / folder / name, rows, seed + place)
        lines += [f"{name}\t{on}\t{off}\t{label}" for on, off, label in rows] or [f"{name}\t\t\t"]
    write_text(root / "metadata" / f"{table}.tsv", lines)


def write(root: Path) -> Path:
    soundscapes = "train/synthetic21_train/soundscapes"
    write_strong(root, soundscapes, soundscapes, SOUNDSCAPES, 300)
    write_strong(root, "train/audioset_strong", "train/strong_label_real", STRONG, 320)
    write_strong(root, "validation/validation", "validation/validation", VALIDATION, 340)
    write_text(
        root / "metadata" / "validation" / "validation_durations.tsv",
        ["filename\tduration", *(f"{name}\t2.0" for name in VALIDATION)],
    )
    write_strong(root, "eval/public", "eval/public", PUBLIC, 360)
    for place, (name, labels) in enumerate(WEAK.items()):
        rows = [(0.2, 1.2, label) for label in labels.split(",")]
        write_sound(root / "audio" / "train" / "weak" / name, rows, 380 + place)
    lines = ["filename\tevent_labels", *(f"{name}\t{labels}" for name, labels in WEAK.items())]
    write_text(root / "metadata" / "train" / "weak.tsv", lines)
    for place, name in enumerate(UNLABELED):
        write_sound(root / "audio" / "train" / "unlabel_in_domain" / name, [(0.5, 1.0, "Dog")], 390 + place)
    write_text(root / "metadata" / "train" / "unlabel_in_domain.tsv", ["filename", *UNLABELED])
    return root

"""MAESTRO Real."""

from collections.abc import Mapping
from pathlib import Path

from datasets.sound import write_sound, write_text

Soft = Mapping[str, tuple[float, ...]]
"""Label -> a value per second."""

CAFE: Mapping[str, Soft] = {
    "cafe_restaurant_00": {"cutlery and dishes": (0.9, 0.226), "people talking": (0.3, 1.0)},
    "cafe_restaurant_01": {"cutlery and dishes": (0.1, 1.02), "people talking": (0.8, 0.5)},
    "cafe_restaurant_02": {"cutlery and dishes": (0.7, 0.0), "people talking": (0.0, 0.9)},
    "cafe_restaurant_03": {"cutlery and dishes": (0.6, 0.9), "people talking": (0.7, 0.2), "coffee machine": (1.0, 1)},
}
PARTS = {"train": ("00", "01"), "val": ("02",), "test": ("03",)}


def write_annotation(root: Path, scene: str, stem: str, soft: Soft) -> None:
    seconds = range(len(next(iter(soft.values()))))
    lines = [f"{s}.0\t{s + 1}.0\t{label}\t{soft[label][s]}" for s in seconds for label in soft]
    write_text(root / "development_annotation" / f"soft_labels_{scene}" / f"{stem}.txt", lines)


def write(root: Path) -> Path:
    scene = "cafe_restaurant"
    for place, (stem, soft) in enumerate(CAFE.items()):
        rows = [(s, s + 1, label) for label, values in soft.items() for s, v in enumerate(values) if v > 0.5]
        write_sound(root / "development_audio" / scene / f"{stem}.wav", rows, 400 + place)
        write_annotation(root, scene, stem, soft)
    for fold in range(1, 6):
        for part, numbers in PARTS.items():
            lines = ["filename", *(f"{scene}/{scene}_{number}" for number in numbers)]
            write_text(root / "development_folds" / f"fold{fold}_{part}.csv", lines)
    return root

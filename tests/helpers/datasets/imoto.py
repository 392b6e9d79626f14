"""Imoto's joint metadata, with clips of one recording named after it."""

from pathlib import Path

from datasets.sound import Row, write_sound, write_text

HEADER = "path\tscene_label\tevent_start_time\tevent_end_time\tevent_label"
DEVELOPMENT: dict[str, tuple[str, list[Row]]] = {
    "a099_0_30": ("office", [(0.2, 0.9, "keyboard typing"), (1.0, 1.5, "fan")]),
    "a099_120_150": ("office", [(0.5, 1.1, "keyboard typing")]),
    "a100_0_30": ("office", [(0.1, 0.8, "fan"), (0.9, 1.4, "keyboard typing")]),
    "a101_0_30": ("office", [(0.3, 0.8, "keyboard typing"), (0.4, 1.9, "fan")]),
    "c001": ("city_center", [(0.3, 1.0, "car")]),
    "c002": ("city_center", [(0.5, 1.3, "car")]),
}
EVALUATION: dict[str, tuple[str, list[Row]]] = {
    "a200_0_30": ("office", [(0.2, 0.9, "fan"), (1.0, 1.5, "keyboard typing")]),
    "c009": ("city_center", [(0.4, 1.0, "car")]),
}


def write_part(root: Path, table: Path, clips: dict[str, tuple[str, list[Row]]], seed: int) -> None:
    lines = [HEADER]
    for place, (stem, (scene, rows)) in enumerate(clips.items()):
        write_sound(root / "audio" / scene / f"{stem}.wav", rows, seed + place)
        lines += [f"audio/{scene}/{stem}.wav\t{scene}\t{on}\t{off}\t{label}" for on, off, label in rows]
    write_text(table, lines)


def write(root: Path) -> Path:
    write_part(root, root / "meta" / "meta_development.txt", DEVELOPMENT, 200)
    write_part(root, root / "meta" / "meta_evaluation.txt", EVALUATION, 250)
    for fold in range(1, 5):
        for part in ("development", "evaluation"):
            write_text(root / "crossvaridation" / f"meta_fold0{fold}_{part}.txt", [HEADER])
    return root

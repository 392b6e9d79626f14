"""TUT Sound Events 2016 and 2017."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from datasets.sound import Row, write_sound, write_text

STREET: Mapping[str, Sequence[Row]] = {
    "a001": [(0.2, 0.9, "car"), (1.0, 1.6, "people walking")],
    "a002": [(0.1, 0.7, "people walking"), (0.9, 1.4, "car")],
    "a003": [(0.5, 1.1, "car"), (0.3, 0.8, "people walking")],
    "a004": [(0.0, 0.8, "car")],
    "b005": [(0.4, 1.0, "car"), (1.2, 1.8, "people walking")],
    "b006": [(0.6, 1.2, "people walking")],
}
TESTED = ("b005", "b006")


def three(stem: str, scene: str, row: Row) -> str:
    return f"{row[0]:.6f}\t{row[1]:.6f}\t{row[2]}"


def five(stem: str, scene: str, row: Row) -> str:
    return f"audio/{scene}/{stem}.wav\t{scene}\t{three(stem, scene, row)}"


def six(stem: str, scene: str, row: Row) -> str:
    return f"{five(stem, scene, row)}\tmixture"


def seven(stem: str, scene: str, row: Row) -> str:
    return f"{six(stem, scene, row)}\t{stem}"


def write_annotation(
    root: Path,
    scene: str,
    stem: str,
    rows: Sequence[Row],
    style: Callable[[str, str, Row], str] = seven,
    end: str = "\n",
    comma: bool = False,
) -> None:
    """One .ann file; `comma`: decimal commas, as in the evaluation set of 2016."""
    lines = [style(stem, scene, row) for row in rows]
    if comma:
        lines = ["\t".join(c.replace(".", ",") if c[:1].isdigit() else c for c in line.split("\t")) for line in lines]
    write_text(root / "meta" / scene / f"{stem}.ann", lines, end)


def write_development(
    root: Path,
    scene: str = "street",
    recordings: Mapping[str, Sequence[Row]] = STREET,
    tested: Sequence[str] = TESTED,
    style: Callable[[str, str, Row], str] = seven,
    seed: int = 0,
) -> Path:
    """A development set: 24 bits at 44.1 kHz, four folds, of which each tests the same recordings."""
    for place, (stem, rows) in enumerate(recordings.items()):
        write_sound(root / "audio" / scene / f"{stem}.wav", rows, seed + place, 44100, subtype="PCM_24")
        write_annotation(root, scene, stem, rows, style)
        write_text(root / "non_verified" / "meta" / scene / f"{stem}.ann", ["0.0\t1.0\tnobody checked"])
    for fold in range(1, 5):
        setup = root / "evaluation_setup"
        trained = [stem for stem in recordings if stem not in tested]
        rows = [five(stem, scene, row) for stem in trained for row in recordings[stem]]
        write_text(setup / f"{scene}_fold{fold}_train.txt", rows)
        write_text(setup / f"{scene}_fold{fold}_test.txt", [f"audio/{scene}/{stem}.wav\t{scene}" for stem in tested])
        rows = [five(stem, scene, row) for stem in tested for row in recordings[stem]]
        write_text(setup / f"{scene}_fold{fold}_evaluate.txt", rows)
    return root


def write_evaluation(root: Path, scene: str, recordings: Mapping[str, Sequence[Row]], comma: bool = False) -> Path:
    """An evaluation set with its annotations."""
    for place, (stem, rows) in enumerate(recordings.items()):
        write_sound(root / "audio" / scene / f"{stem}.wav", rows, 100 + place, 44100, subtype="PCM_24")
        write_annotation(root, scene, stem, rows, three, comma=comma)
    lines = [f"audio/{scene}/{stem}.wav\t{scene}" for stem in recordings]
    write_text(root / "evaluation_setup" / f"{scene}_test.txt", lines)
    return root


HOME: Mapping[str, Sequence[Row]] = {
    "h001": [(0.2, 0.9, "dishes"), (1.0, 1.6, "(object) rustling")],
    "h002": [(0.1, 0.7, "(object) rustling"), (0.9, 1.4, "dishes")],
    "h003": [(0.5, 1.1, "dishes"), (0.3, 0.8, "(object) rustling")],
    "h004": [(0.4, 1.0, "dishes"), (1.2, 1.8, "(object) rustling")],
}


def write_2017(root: Path) -> Path:
    return write_development(root)


def write_2016(root: Path) -> Path:
    return write_development(root, "home", HOME, ("h004",), three, seed=40)

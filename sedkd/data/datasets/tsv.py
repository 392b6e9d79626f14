"""Tables as DCASE challenges ship them, of one environment that is called like the folder.

metadata/{train,validation,test}.tsv (`filename onset offset event_label`), weak.tsv and unlabeled.tsv, with the audio
in audio/<the table's name>/ or in audio/ itself. A set called eval or evaluation counts as test, one called valid, val
or dev as validation.
"""

from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, WEAK, Dataset, Format
from sedkd.data.datasets.tables import Part, open_tables
from sedkd.data.recordings import TEST

NAME, TITLE = "tsv", "DCASE-style tables"
NAMES = {
    TRAIN: ("train", "strong", "training"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "eval", "evaluation"),
    WEAK: ("weak",),
    UNLABELED: ("unlabeled", "unlabelled", "unlabel_in_domain"),
}


def is_here(root: Path) -> bool:
    return any((root / "metadata" / f"{name}.tsv").exists() for name in NAMES[TRAIN])


def opened(root: Path, _: int | None = None) -> Dataset:
    parts = []
    for split, names in NAMES.items():
        for name in names:
            table = root / "metadata" / f"{name}.tsv"
            if table.exists():
                parts.append(Part(root.name, split, table, [root / "audio" / name, root / "audio"]))
    return open_tables(NAME, TITLE, "see the dataset's own README", root, parts)


FORMAT = Format(NAME, TITLE, "metadata/train.tsv with audio/train", is_here, opened)

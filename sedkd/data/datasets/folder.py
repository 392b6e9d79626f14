"""The generic folder (`sedkd.data.recordings`) as a dataset, so that it can stand beside others in one pool."""

from dataclasses import replace
from pathlib import Path

from sedkd.data.datasets.dataset import UNLABELED, WEAK, Dataset, Format
from sedkd.data.datasets.passed_over import passed_over
from sedkd.data.datasets.tables import Part, open_tables
from sedkd.data.recordings import LABELED_SPLITS, environments_in
from sedkd.errors import UserError

NAME, TITLE = "folder", "folder of recordings"


def is_here(root: Path) -> bool:
    try:
        return bool(environments_in(root))
    except UserError:
        return False


def has_tables(root: Path) -> bool:
    """Whether any environment has labels, and not only an unlabelled split."""
    splits = (*LABELED_SPLITS, WEAK)
    return any((root / name / f"{split}.tsv").exists() for name in environments_in(root) for split in splits)


def opened(root: Path, _: int | None = None) -> Dataset:
    parts = []
    for name in environments_in(root):
        here = root / name
        for split in (*LABELED_SPLITS, WEAK):
            if (here / f"{split}.tsv").exists():
                parts.append(Part(name, split, here / f"{split}.tsv", [here / split]))
        if (here / UNLABELED).is_dir():
            parts.append(Part(name, UNLABELED, None, [here / UNLABELED]))
    found = open_tables(NAME, TITLE, "your own recordings", root, parts)
    return replace(found, notices=tuple(passed_over(root)))


FORMAT = Format(NAME, TITLE, "<environment>/train.tsv beside <environment>/train/*.wav", is_here, opened)

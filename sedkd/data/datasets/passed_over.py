"""Folders of recordings in a generic folder that nobody reads, by their names or for want of a table."""

from pathlib import Path

from sedkd.data.datasets.dataset import UNLABELED, WEAK
from sedkd.data.folders import audio_below
from sedkd.data.recordings import LABELED_SPLITS, NEGATIVES, environments_in
from sedkd.data.reviewed import REVIEWED

LABELED = (*LABELED_SPLITS, WEAK, REVIEWED)  # each with a table beside it
READ = (*LABELED, UNLABELED, NEGATIVES)


def passed_over(root: Path) -> list[str]:
    """A line for each folder of recordings below `root` that is not read: no split of an environment, or without the
    table of it; and for each table of recordings that count as unlabelled."""
    names = environments_in(root)
    why = {}
    for folder in _folders(root):
        if folder.name not in names:
            why[folder] = "it is no environment, which has a train.tsv beside train/, or unlabeled/"
            continue
        for part in _folders(folder):
            if part.name in LABELED and not part.with_name(f"{part.name}.tsv").exists():
                why[part] = f"there is no {part.name}.tsv beside it"
            elif part.name not in READ:
                why[part] = f"its name is none of {', '.join(READ)}"
    counts = {folder: len(audio_below(folder)) for folder in why}
    tables = [table for name in names if (table := root / name / f"{UNLABELED}.tsv").exists()]
    unread = [
        f"{table}: is not read, since what lies in {UNLABELED}/ counts as unlabelled: if it holds labels, move the "
        "recordings to train/ and its lines to train.tsv"
        for table in tables
    ]
    return unread + [
        f"{folder}: {counts[folder]} recordings are passed over: {reason}"
        for folder, reason in why.items()
        if counts[folder]
    ]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))

"""A library of isolated recordings: class folders, and the folds that keep sources apart between splits."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sedkd.data.datasets.dataset import Clip
from sedkd.data.datasets.leaks import components, same_audio
from sedkd.data.decoding import AUDIO_SUFFIXES
from sedkd.data.folders import audio_below
from sedkd.data.inspection import sound_infos
from sedkd.errors import UserError

SPLIT_FOLDS = {"train": (1, 2, 3), "unlabeled": (1, 2, 3), "weak": (1, 2, 3), "validation": (4,), "test": (5,)}
# Dealt in this order, three recordings of a class are enough for train, validation and test.
_DEALT = (1, 4, 5, 2, 3)

Files = dict[str, list[Path]]
"""class -> recordings"""
Library = dict[str, Files]
"""split -> class -> recordings"""


def read_library(folder: Path) -> Library:
    """Find the class folders of `folder` and share their recordings out to the splits.

    A class is called like its folder, less a number in front ("001 - Dog bark"). When all file names begin with a
    fold from 1 to 5 and a dash, as in ESC-50, these folds hold; otherwise recordings are dealt to five folds by hash,
    all of one group together: the group is the file's name up to the first `_` or `-`. Files that sound alike go
    together as well, whatever they are called.

    Raises:
        UserError: no class folders, a class folder without audio, or a file that is empty or cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder: name one with a sub-folder of recordings per class")
    classes: Files = {}
    for each in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        label = re.sub(r"^\d+ - ", "", each.name).strip()
        if label in classes:
            raise UserError(f"{each}: a second folder for the class {label!r}: join the two")
        classes[label] = audio_files(each)
        if not classes[label]:
            raise UserError(f"{each}: no audio in it ({', '.join(AUDIO_SUFFIXES)}): add some, or remove the folder")
    if not classes:
        raise UserError(f"{folder}: no class folders: put the recordings of each class into a sub-folder of its name")
    folds = assign_folds(classes)
    return {
        split: {label: [file for file in files if folds[file] in chosen] for label, files in classes.items()}
        for split, chosen in SPLIT_FOLDS.items()
    }


def read_backgrounds(folder: Path) -> tuple[Library, bool]:
    """All recordings in `folder` or below as one class, `background`, and whether splits have some of their own.

    They are dealt to folds like events; where too few are there to give each split one, all splits share them all.
    """
    files = audio_files(folder) if folder.is_dir() else []
    if not files:
        raise UserError(f"{folder}: no background recordings in it ({', '.join(AUDIO_SUFFIXES)})")
    folds = assign_folds({"background": files})
    splits = {split: [file for file in files if folds[file] in chosen] for split, chosen in SPLIT_FOLDS.items()}
    apart = all(splits.values())
    return {split: {"background": own if apart else files} for split, own in splits.items()}, apart


def audio_files(folder: Path) -> list[Path]:
    """The audio files of a folder and of those in it, sorted, each seen to be readable."""
    return list(sound_infos(audio_below(folder)))


def assign_folds(classes: Mapping[str, Sequence[Path]]) -> dict[Path, int]:
    """The fold, 1 to 5, of every file; see `read_library`. Groups go to the fold their classes have least of yet."""
    every = [(label, file) for label, group in classes.items() for file in group]
    if all(re.match(r"[1-5]-", file.name) for _, file in every):
        return {file: int(file.name[0]) for _, file in every}
    names = [re.split(r"[_-]", file.stem, maxsplit=1)[0] for _, file in every]
    clips = [Clip(file, file.name, label, "", "") for label, file in every]
    members = {names[group[0]]: [every[one] for one in group] for group in components(names, same_audio(clips))}
    taken: Counter[tuple[str, int]] = Counter()
    folds: dict[Path, int] = {}
    for name in sorted(members, key=lambda name: hashlib.blake2b(name.encode()).digest()):
        labels = {label for label, _ in members[name]}
        fold = min(_DEALT, key=lambda fold: sum(taken[label, fold] for label in labels))
        for label, file in members[name]:
            taken[label, fold] += 1
            folds[file] = fold
    return folds

"""From the folders that a person names to a pool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sedkd.data.datasets import folder
from sedkd.data.datasets.building import dataset_pool
from sedkd.data.datasets.dataset import Dataset, Format
from sedkd.data.datasets.leaks import told_twice
from sedkd.data.datasets.registry import recognised
from sedkd.data.environment import Environment
from sedkd.data.folders import unread_below
from sedkd.data.inspection import audio_infos
from sedkd.data.pool import Pool, folder_pool
from sedkd.disk.paths import expanded
from sedkd.errors import UserError


def resolved(roots: Sequence[Path]) -> list[Path]:
    """The folders in full. UserError when one is named twice."""
    found = [expanded(root).resolve() for root in roots]
    twice = next((root for number, root in enumerate(found) if root in found[:number]), None)
    if twice is not None:
        raise UserError(f"--data {twice}: a folder is named twice")
    return found


def opened(
    roots: Sequence[Path], dataset: str | None = None, fold: int | None = None, column: str | None = None
) -> list[Dataset]:
    """The datasets in these folders, each where it has official folds with that one, and with labels from `column`
    where its label files have columns.

    Raises:
        UserError: a folder holds nothing known, its lists cannot be read, or no dataset has such a fold or column.
    """
    formats = [(root, recognised(root, dataset)) for root in resolved(roots)]
    _require_fold([form for _, form in formats], fold)
    if column is not None and not any(form.read_column for _, form in formats):
        raise UserError(f"--label-column {column}: {formats[0][1].title} has no columns to choose from")
    return [form.open(root, fold, column) for root, form in formats]


def names_of(roots: Sequence[Path], dataset: str | None = None, column: str | None = None) -> list[str]:
    """The environments of the data, without opening a recording."""
    return list(dict.fromkeys(name for found in opened(roots, dataset, None, column) for name in found.environments))


def pool_of(
    roots: Sequence[Path],
    known: Mapping[str, Environment],
    wanted: str,
    own: Environment | None = None,
    dataset: str | None = None,
    fold: int | None = None,
    column: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pool:
    """The pool of these folders, which must hold the environment `wanted`; see `opened`.

    Every recording is looked into (`sedkd.data.inspection`), of which `progress` hears where that takes decoding. A
    single generic folder is read as it stands (`folder_pool`), with the splits that its owner made: what it holds twice
    is told, and stays.

    Raises:
        UserError: a folder holds nothing known, or see `folder_pool` and `dataset_pool`.
    """
    found = opened(roots, dataset, fold, column)
    audio_infos((clip.path for one in found for clip in one.clips), progress)
    if len(found) == 1 and found[0].name == folder.NAME:
        pool = folder_pool(found[0].root, known, wanted, own)
        told = (*found[0].notices, *told_twice(found[0].clips), *unread_below(found[0].root))
        return replace(pool, notices=(*pool.notices, *told))
    return dataset_pool(found, known, wanted, own)


def _require_fold(formats: Sequence[Format], fold: int | None) -> None:
    """UserError when no dataset has this fold."""
    if fold is None:
        return
    having = [form for form in formats if form.folds]
    if not having:
        raise UserError(f"--fold {fold}: {formats[0].title} has no official folds")
    for form in having:
        if not 1 <= fold <= form.folds:
            raise UserError(f"--fold {fold}: {form.title} has folds 1 to {form.folds}")

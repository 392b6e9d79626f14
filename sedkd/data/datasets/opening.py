"""From the folders that a person names to a pool."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sedkd.data.datasets import folder
from sedkd.data.datasets.building import dataset_pool
from sedkd.data.datasets.registry import recognised
from sedkd.data.pool import Pool, folder_pool
from sedkd.environment import Environment
from sedkd.errors import UserError


def resolved(roots: Sequence[Path]) -> list[Path]:
    """The folders in full. UserError when one is named twice."""
    found = [root.expanduser().resolve() for root in roots]
    if len(set(found)) < len(found):
        raise UserError(f"--data {found[0]}: a folder is named twice")
    return found


def names_of(roots: Sequence[Path], dataset: str | None = None) -> list[str]:
    """The environments of the data, without opening a recording."""
    opened = [recognised(root, dataset).open(root) for root in resolved(roots)]
    return list(dict.fromkeys(name for found in opened for name in found.environments))


def pool_of(
    roots: Sequence[Path],
    known: Mapping[str, Environment],
    wanted: str,
    own: Environment | None = None,
    dataset: str | None = None,
) -> Pool:
    """The pool of these folders, which must hold the environment `wanted`; `dataset` says what lies in them.

    A single generic folder is read as it stands (`folder_pool`), with the splits that its owner made.

    Raises:
        UserError: a folder holds nothing known, or see `folder_pool` and `dataset_pool`.
    """
    formats = [(root, recognised(root, dataset)) for root in resolved(roots)]
    if len(formats) == 1 and formats[0][1] is folder.FORMAT:
        return folder_pool(formats[0][0], known, wanted, own)
    return dataset_pool([form.open(root) for root, form in formats], known, wanted, own)

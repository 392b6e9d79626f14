"""Which of a file's tiers holds the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.rows import Line
from sedkd.errors import UserError
from sedkd.spelling import folded


@dataclass(frozen=True)
class Tier:
    """A tier whose labels have a beginning and an end, with them and the lines of the file that they stand in."""

    name: str
    lines: tuple[Line, ...]


def chosen(path: Path, tiers: Sequence[Tier], asked: str | None, program: str) -> Tier:
    """The tier that is `asked` for, the only one where none is. `tiers` are those of `path`, at least one.

    Raises:
        UserError: there is no such tier, or several that may be meant; it tells what to do in `program`.
    """
    names = ", ".join(tier.name for tier in tiers)
    if asked is None:
        if len(tiers) > 1:
            raise UserError(f"{path}: which tier holds the labels? Say --label-column, one of: {names}")
        return tiers[0]
    found = [tier for tier in tiers if folded(tier.name) == folded(asked)]
    if not found:
        raise UserError(f"{path}: --label-column {asked}: no such interval tier; there are: {names}")
    if len(found) > 1:
        raise UserError(f"{path}: {len(found)} tiers are called {asked!r}: rename one in {program}")
    return found[0]

"""What a program calls the columns of its label tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sedkd.data.labels.cells import Cells

NO_DETECTION = ("nocall",)  # what BirdNET writes for a recording in which it detected nothing


def as_they_are(cells: Cells) -> Cells:
    """A table that needs no mending."""
    return cells


@dataclass(frozen=True)
class Layout:
    """The columns of a kind of table by their keys (`cells.key_of`), of several the first that is there.

    `needs`: a table of this kind has one of each group. `end`: when a label ends, or `length`: how long it is. `file`:
    its recording; none: the one that the table is called like. `folder` is put before it, and a `path` that ends in its
    name is used instead. `within`: where in its recording a label begins, where onsets count over several of them;
    `end_file`: the recording in which it ends. `label`: those that are tried; `other`: those that are no label, so that
    a single one besides is (None: that is not tried). `nothing`: labels, folded, of rows in which nothing happens.
    `prepared` mends the rows before anything is read of them.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    needs: Sequence[Sequence[str]]
    onset: Sequence[str]
    end: Sequence[str] = ()
    length: Sequence[str] = ()
    file: Sequence[str] = ()
    folder: Sequence[str] = ()
    path: Sequence[str] = ()
    within: Sequence[str] = ()
    end_file: Sequence[str] = ()
    label: Sequence[str] = ()
    other: Callable[[str], bool] | None = None
    nothing: Sequence[str] = ()
    prepared: Callable[[Cells], Cells] = as_they_are

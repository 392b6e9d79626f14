"""Which dataset lies in a folder."""

from pathlib import Path

from sedkd.data.datasets import desed, folder, imoto, labelled, maestro, tsv, tut2016, tut2017, urbansed
from sedkd.data.datasets.dataset import Format
from sedkd.data.folders import audio_below, require_folder
from sedkd.data.labels.lookalikes import mend_of
from sedkd.errors import UserError

TREES: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in (tut2017, tut2016, imoto, desed, maestro, urbansed, tsv, folder)
}
"""By name, in the order in which a folder is held against them."""
FORMATS: dict[str, Format] = {**TREES, labelled.FORMAT.name: labelled.FORMAT}


def recognised(root: Path, name: str | None = None) -> Format:
    """The format of the dataset at `root`, or the one that is called `name`, if it is there.

    Raises:
        UserError: no such folder or name; or nothing known lies there, with what was looked for.
    """
    if name is not None and name not in FORMATS:
        raise UserError(f"--dataset {name}: expected one of {', '.join(FORMATS)}")
    require_folder(root)
    if name is not None:
        if not FORMATS[name].is_here(root):
            raise UserError(f"{root}: holds no {FORMATS[name].title}; looked for {FORMATS[name].tree}")
        return FORMATS[name]
    found = _known(root)
    if found is folder.FORMAT and not folder.has_tables(root) and labelled.FORMAT.is_here(root):
        return labelled.FORMAT  # recordings with label files beside a folder called unlabeled
    if found is not None:
        return found
    near = next(((path, known) for path in _near(root) if (known := _known(path))), None)
    # Label files lie as deep as people like; those of a dataset that stands one level down are its own.
    if (near is None or near[0] == root.parent) and labelled.FORMAT.is_here(root):
        return labelled.FORMAT
    looked = "; ".join(f"{known.tree} ({known.title})" for known in FORMATS.values())
    mend = mend_of(root) if near is None and audio_below(root) else None
    if mend:
        raise UserError(f"{mend} (or, if {root} is a dataset, what is missing? looked for {looked})")
    hint = f": {near[0]} is {near[1].title}" if near else ""
    raise UserError(
        f"{root}: holds no dataset that sedkd knows (one level up or down, perhaps?{hint}); looked for {looked}"
    )


def _known(root: Path) -> Format | None:
    return next((known for known in TREES.values() if known.is_here(root)), None)


def _near(root: Path) -> list[Path]:
    return [*sorted(path for path in root.iterdir() if path.is_dir()), root.parent]

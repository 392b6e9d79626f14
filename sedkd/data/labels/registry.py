"""Which format a label file is of."""

from pathlib import Path

from sedkd.data.folders import files_below
from sedkd.data.labels import audacity, elan, event_list, raven, textgrid
from sedkd.data.labels.label_format import LabelFormat, head_of
from sedkd.data.labels.layouts import BIRDNET, KALEIDOSCOPE, REGIONS, SPREADSHEET

LABEL_FORMATS: dict[str, LabelFormat] = {
    one.name: one
    for one in (
        *(textgrid.FORMAT, elan.FORMAT, raven.FORMAT, KALEIDOSCOPE, BIRDNET, REGIONS, SPREADSHEET),
        *(audacity.FORMAT, event_list.FORMAT),
    )
}
"""By name, in the order in which a file is held against them."""
FOLDS = "evaluation_setup"
"""DCASE's folder of lists that say what trains and what is evaluated, and repeat the labels of it."""
SUFFIXES = frozenset(suffix for one in LABEL_FORMATS.values() for suffix in one.suffixes)


def is_label_name(name: str) -> bool:
    """Whether a file of this name may hold labels."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def label_files(root: Path) -> list[Path]:
    """The files below a folder that may hold labels by their names, sorted."""
    found = files_below(root, is_label_name)
    return [path for path in found if FOLDS not in path.relative_to(root).parts]


def format_of(path: Path, whatever_its_name: bool = False) -> LabelFormat | None:
    """The format of a label file by its first lines; None for another file, and for one of nothing. A file that a
    person names is what it holds, `whatever_its_name` ends with, where that is no format's."""
    head, suffix = head_of(path), path.suffix.lower()
    any_name = whatever_its_name and suffix not in SUFFIXES
    having = (one for one in LABEL_FORMATS.values() if any_name or suffix in one.suffixes)
    return next((one for one in having if head and one.matches(head)), None)

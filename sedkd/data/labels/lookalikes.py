"""Files beside recordings that a person takes for label files, and that are none yet."""

from pathlib import Path

from sedkd.data.folders import files_below
from sedkd.data.labels.label_format import head_of
from sedkd.data.labels.registry import format_of, is_label_name
from sedkd.data.labels.unknown import why_unknown

PACKED = (".gz", ".zip", ".bz2", ".xz")
PERHAPS = (*PACKED, ".json", ".jsonl", ".ndjson", ".docx", ".doc", ".odt")
OWN_FILES = {
    ".aup3": "an Audacity project: export its labels (File, Export Other, Export Labels) as .txt",
    ".aup": "an Audacity project: export its labels (File, Export Labels) as .txt",
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), "a spreadsheet program's own file: save the sheet as .csv"),
    ".json": "no table: if it holds labels, save them as .csv with the header file, onset, offset, label",
    **dict.fromkeys((".jsonl", ".ndjson"), "no table: save it as one list of objects in .json, or as .csv"),
    **dict.fromkeys(PACKED, "compressed: unpack it first"),
    ".svl": "a layer of Sonic Visualiser: export it as .csv (File, Export Annotation Layer), of regions in seconds",
    ".jams": "a JAMS file: save its events as .csv with the header file, onset, offset, label",
    **dict.fromkeys((".docx", ".doc", ".odt"), "a text program's own file: save it as plain text"),
}
"""Programs' own files, by how they end, and what to do about them."""


def are_labels(path: Path) -> bool:
    """Whether a program's own file holds labels for certain. A .json tells what a recorder knows of a recording as
    often, and packed files and texts may hold anything, unless a label file's ending stands before theirs."""
    ending = path.suffix.lower()
    return ending not in PERHAPS or (ending in PACKED and is_label_name(path.stem))


def own_mend(path: Path) -> str | None:
    """What to do about a program's own file; None for another one."""
    own = OWN_FILES.get(path.suffix.lower())
    return f"{path}: is {own}" if own else None


def own_files(root: Path) -> list[Path]:
    """Programs' own files below a folder, sorted."""
    return files_below(root, lambda name: Path(name).suffix.lower() in OWN_FILES)


def mend_of(root: Path) -> str | None:
    """What to do about the first of such files below `root`; None where there are none."""
    for path in files_below(root, lambda name: is_label_name(name) or Path(name).suffix.lower() in OWN_FILES):
        own = own_mend(path)
        if own:
            return own
        head = head_of(path)
        if head and format_of(path) is None:
            return why_unknown(path, head)
    return None

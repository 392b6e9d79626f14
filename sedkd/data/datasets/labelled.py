"""A folder of recordings with label files as people's programs write them (`sedkd.data.labels`).

A label file lies beside its recordings or in a folder of its own. Folders or tables called train, validation or test
(or as `tsv.NAMES` has it) are the splits; without any, all that is labelled trains, of which validation is taken by
recording (`placing`). A recording without labels is unlabelled. The environment is called like the folder; where
folders in it hold splits and labels of their own, each of them is one.
"""

from collections.abc import Sequence
from pathlib import Path

from sedkd.data.datasets.assigning import SPLIT_OF, Assigned, split_called
from sedkd.data.datasets.dataset import Annotation, Clip, Dataset, Format
from sedkd.data.datasets.rows import once
from sedkd.data.datasets.tables import labelled_environments
from sedkd.data.folders import audio_below
from sedkd.data.labels.registry import format_of, is_label_name, label_files
from sedkd.errors import UserError

NAME, TITLE = "labels", "recordings with label files"


def is_here(root: Path) -> bool:
    if (root / "train").is_dir() and (root / "train.tsv").exists():
        return False  # an environment of the generic folder, which is read one level up
    return bool(audio_below(root)) and any(map(format_of, label_files(root)))


def opened(root: Path, _: int | None = None, column: str | None = None) -> Dataset:
    """The recordings below `root` with what their label files say; of columns or tiers, `column` holds the labels.

    Raises:
        UserError: a label file cannot be used, two are of one recording, or none is of any.
    """
    audio, labels = audio_below(root), label_files(root)
    places = _environments(root, audio, labels)
    parts = []
    for name, folder in places.items():
        own = [[path for path in paths if folder in path.parents] for paths in (audio, labels)]
        parts.append(Assigned(name, folder, *own))
    assigned = [of for part in parts for of in part.labels.values()]
    if not assigned:
        raise UserError(_of_no_recording(root, audio, labels, parts))
    if column is not None and not any(of.file.column for of in assigned):
        raise UserError(f"--label-column {column}: none of the label files in {root} has columns or tiers")
    files = {of.path: of.file for of in assigned}
    contents = once(lambda path: files[path].read(column if files[path].column else None))

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        return contents(clip.table)[clip.listed]

    clips = [clip for part in parts for clip in part.clips(root)]
    titles = {of.path: of.title(column) for of in assigned}
    return Dataset(
        NAME, TITLE, "your own recordings", root, labelled_environments(list(places), clips, read), tuple(clips), read,
        missing={path: tuple(names) for part in parts for path, names in part.missing.items()},
        unlisted=tuple(path for part in parts for path in part.unlisted()),
        files=titles | {path: why for part in parts for path, why in part.strange.items()},
        notices=tuple(line for part in parts for line in part.notices()),
        unread=tuple(line for part in parts for line in part.unread()),
    )  # fmt: skip


def _of_no_recording(root: Path, audio: Sequence[Path], labels: Sequence[Path], parts: Sequence[Assigned]) -> str:
    """What to say where label files are of none of the recordings."""
    for path, names in ((path, names) for part in parts for path, names in part.missing.items() if path in labels):
        return (
            f"{path}: names {len(names)} recordings, such as {names[0]}, and none of the {len(audio)} in {root}, such "
            f"as {audio[0]}: mend the names, or name the folder that holds both"
        )
    return (
        f"{root}: none of its {len(labels)} label files is of one of its {len(audio)} recordings, such as "
        f"{labels[0]} and {audio[0]}: call a label file like its recording (a.txt for a.wav)"
    )


def _environments(root: Path, audio: Sequence[Path], labels: Sequence[Path]) -> dict[str, Path]:
    """Environment -> its folder: those folders in `root` that hold splits, recordings and labels, or else `root`."""
    found = {}
    for folder in sorted({root / path.relative_to(root).parts[0] for path in audio if path.parent != root}):
        if folder.name.casefold() in SPLIT_OF:
            return {root.name: root}
        inside = {path.name.casefold() for path in folder.iterdir() if path.is_dir()}
        tables = any(split_called(path.name) for path in folder.iterdir() if is_label_name(path.name))
        if (tables or inside & set(SPLIT_OF)) and any(folder in path.parents for path in labels):
            found[folder.name] = folder
    rest = [path for path in audio if not any(folder in path.parents for folder in found.values())]
    return found if found and not rest else {root.name: root}


FORMAT = Format(
    NAME,
    TITLE,
    "recordings with Audacity, Raven, Praat, ELAN, Kaleidoscope, BirdNET or CSV label files",
    is_here,
    opened,
    read_column=lambda root, column: opened(root, None, column),
)

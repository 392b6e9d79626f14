"""Splits that are a folder of audio with a table of the same name: what the generic folder and DCASE's tables share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, WEAK, Annotation, Clip, Dataset
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import names_in, once, table_rows
from sedkd.data.environment import Environment
from sedkd.data.folders import audio_below
from sedkd.data.weak import read_tags
from sedkd.spelling import usual_spellings


@dataclass(frozen=True)
class Part:
    """One split of one environment: its table (None: unlabelled audio without one), and the folders of its audio."""

    environment: str
    split: str
    table: Path | None
    folders: Sequence[Path]


def open_tables(name: str, title: str, licence: str, root: Path, parts: Sequence[Part]) -> Dataset:
    """A dataset whose labels are whatever its training tables hold, every file a recording of its own.

    Raises:
        UserError: a table cannot be used.
    """
    listing = Listing(root)
    for part in parts:
        for clip_name, source in _names(part):
            table = part.table if part.split != UNLABELED else None
            group = f"{root}/{part.environment}/{part.split}/{clip_name}"
            listing.add(part.folders, clip_name, part.environment, part.split, group, source, table)
    read = tables_read_once()
    folders = [folder for part in parts if part.table for folder in part.folders]
    environments = labelled_environments([part.environment for part in parts], listing.clips, read)
    return Dataset(
        name, title, licence, root, environments, tuple(listing.clips), read,
        missing=listing.missing, unlisted=listing.unlisted(*dict.fromkeys(folders)),
    )  # fmt: skip


def tables_read_once() -> Callable[[Clip], Annotation]:
    """What reads a clip's annotation out of its table, events or, in the weak split, clip-level labels."""
    strong, weak = once(table_rows), once(read_tags)

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        if clip.split == WEAK:
            return Annotation(tags=weak(clip.table)[clip.listed])
        return strong(clip.table)[clip.listed]

    return read


def _names(part: Part) -> list[tuple[str, Path]]:
    if part.table is not None:
        return [(name, part.table) for name in names_in(part.table)]
    return [(p.relative_to(folder).as_posix(), folder) for folder in part.folders for p in audio_below(folder)]


def labelled_environments(
    names: Sequence[str], clips: Sequence[Clip], read: Callable[[Clip], Annotation]
) -> dict[str, Environment]:
    """The environments of these names, with the labels that their training clips bear, each in its most frequent
    spelling."""
    labels: dict[str, list[str]] = {name: [] for name in names}
    for clip in clips:
        if clip.split in (TRAIN, WEAK):
            found = read(clip)
            labels[clip.environment] += [*(event.event_label for _, event in found.events or ()), *(found.tags or ())]
    return {
        name: Environment(name, name, tuple(sorted(usual_spellings(found).values()))) for name, found in labels.items()
    }

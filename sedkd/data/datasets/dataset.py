"""What every reader of a public dataset makes: its clips with their splits, and how each one's annotation is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.recordings import TEST
from sedkd.data.sealed import require_opened

TRAIN, VALIDATION, WEAK, UNLABELED = "train", "validation", "weak", "unlabeled"


@dataclass(frozen=True)
class Annotation:
    """What somebody wrote about one clip, in the dataset's own spelling; times in seconds, not yet held against audio.

    `events`: (line of the table, event); None when nobody said when anything happens. `tags`: what occurs, without
    when. `soft`: (event, certainty 0 to 1), of which `events` are the likely ones.
    """

    events: tuple[tuple[int, Event], ...] | None = None
    tags: tuple[str, ...] | None = None
    soft: tuple[tuple[Event, float], ...] | None = None


def joined(annotations: Sequence[Annotation]) -> Annotation:
    """What several say of one recording, such as a folder for each event or each annotator: all of it, the same event
    once. Certainties are those of the first that has some."""
    first, *others = annotations
    for other in others:
        events, tags = first.events, first.tags
        if other.events is not None:
            there = {event for _, event in events or ()}
            events = (*(events or ()), *(line for line in other.events if line[1] not in there))
        if other.tags is not None:
            tags = tuple(dict.fromkeys([*(tags or ()), *other.tags]))
        first = Annotation(events, tags, first.soft if first.soft is not None else other.soft)
    return first


@dataclass(frozen=True)
class Clip:
    """One audio file of a dataset, not opened yet.

    `filename` is its path below the dataset's root. `group` names the recording that it was cut from, across datasets
    that share their recordings. `table` annotates it, under the name `listed` (None: nobody has). `copies` are the same
    audio under other names in the same split, whose annotations count as well.
    """

    path: Path
    filename: str
    environment: str
    split: str
    group: str
    table: Path | None = None
    listed: str = ""
    copies: tuple["Clip", ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A dataset as it lies in a folder.

    `environments` name every label that the annotators listened for. `closed`: any other label is a slip of the pen,
    not one of the classes that the dataset leaves out of its scores. `missing`: per table, the names of audio that it
    lists and that is not there. `unlisted`: audio that no table lists. `files`: what each label file was taken for,
    where it is not the dataset's name that says so. `notices`: what a person should know, a line each; `unread`: where
    labels lie that are not read, the same.
    """

    name: str
    title: str
    licence: str
    root: Path
    environments: Mapping[str, Environment]
    clips: tuple[Clip, ...]
    read: Callable[[Clip], Annotation]
    closed: bool = True
    missing: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    unlisted: tuple[Path, ...] = ()
    files: Mapping[Path, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def annotation(self, clip: Clip) -> Annotation:
        """What is known of a clip. A clip of the test split is answered for inside `sealed.opened_test` only.

        Raises:
            UserError: the table cannot be read, or holds a row that cannot be used; it names file and line.
            SealBroken: the clip is of the test split, and the seal is closed.
        """
        if clip.split == TEST:
            require_opened(f"reading the annotation of {clip.filename} ({self.title})")
        return self.told(clip)

    def told(self, clip: Clip) -> Annotation:
        """The same without asking the seal, for what only passes it on."""
        own = [self.read(one) for one in (clip, *clip.copies) if one.table is not None]
        return joined(own) if own else Annotation()


@dataclass(frozen=True)
class Format:
    """A way in which datasets lie in folders: its name for `--dataset`, what it looks for, and how it is read.

    `folds`: how many official ones there are, of which `read` takes one, or None for what is read without being asked.
    `read_column`: reads it with labels from the column of this name, where its label files have several.
    """

    name: str
    title: str
    tree: str
    is_here: Callable[[Path], bool]
    read: Callable[[Path, int | None], Dataset]
    folds: int = 0
    read_column: Callable[[Path, str], Dataset] | None = None

    def open(self, root: Path, fold: int | None = None, column: str | None = None) -> Dataset:
        """The dataset at `root`; `fold` says whose test list is test, where there are folds, `column` which one of
        its label files holds the labels, where they have columns. UserError from `read`."""
        if column is not None and self.read_column is not None:
            return self.read_column(root, column)
        if fold is None or not self.folds:
            return self.read(root, None)
        found = self.read(root, fold)
        return replace(found, title=f"{found.title}, fold {fold}")

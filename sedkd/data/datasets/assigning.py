"""Which label file is of which recording, and which split both belong to."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, Clip
from sedkd.data.datasets.tsv import NAMES
from sedkd.data.labels import audacity
from sedkd.data.labels.label_format import OWN, LabelFile, LabelFormat, head_of
from sedkd.data.labels.lookalikes import are_labels, own_files, own_mend
from sedkd.data.labels.matching import Recordings, apart, names_meant
from sedkd.data.labels.registry import format_of
from sedkd.data.labels.unknown import why_unknown
from sedkd.data.recordings import TEST
from sedkd.errors import UserError

BEFORE = re.compile(r"^(labels?|annotations?|events?|metadata)[\s._-]+", re.IGNORECASE)
SPLIT_OF = {name: split for split in (TRAIN, VALIDATION, TEST, UNLABELED) for name in NAMES[split]}


@dataclass(frozen=True)
class Labels:
    """The label file of a recording, which it calls `listed`."""

    path: Path
    form: LabelFormat
    file: LabelFile
    listed: str

    def title(self, column: str | None) -> str:
        """What the file was taken for, and where its labels come from."""
        if self.file.column is None:
            return self.form.title
        return f"{self.form.title}, labels from {self.file.column(column)!r}"


class Assigned:
    """The recordings of one environment, all below `folder`, with their `labels`.

    `missing`: per label file, or in `folder`, the recordings that are not there. `strange`: files that may hold labels
    by their names, and do not.
    """

    def __init__(self, name: str, folder: Path, audio: Sequence[Path], files: Sequence[Path]) -> None:
        self.name, self.folder, self.audio = name, folder, audio
        self.labels: dict[Path, Labels] = {}
        self.missing: dict[Path, list[str]] = {}
        self.strange: dict[Path, str] = {}
        self._unread: list[Path] = []  # of the strange ones those that speak of recordings
        self._called: list[tuple[str, str, Path]] = []  # see `apart`
        recordings, names = Recordings(audio), {path.name.casefold() for path in audio}
        for path in files:
            form = format_of(path) or _empty_track(path, recordings)
            if form is None:
                self.strange[path] = "no label file"
                self._unread += [path] if _names_one_of(path, names) else []
            else:
                self._assign(path, form, recordings)

    def clips(self, root: Path) -> Iterator[Clip]:
        """The recordings that are used. UserError where folders and label files do not agree on a split."""
        for path in self.audio:
            found, split = self.labels.get(path), self.split(path)
            filename = path.relative_to(root).as_posix()
            if found is not None and split != UNLABELED:
                yield Clip(path, filename, self.name, split, str(path), found.path, found.listed)
            elif found is not None or split in (TRAIN, UNLABELED):
                yield Clip(path, filename, self.name, UNLABELED, str(path))

    def split(self, path: Path) -> str:
        """The split of a recording: that of a folder it lies in, else that of its label file, else train."""
        own = self._split_of_folders(path)
        found = self.labels.get(path)
        theirs = None
        if found is not None:
            called = None if found.listed == OWN else split_called(found.path.name)  # train.txt of train.wav
            theirs = called or self._split_of_folders(found.path)
        if own and theirs and own != theirs:
            raise UserError(
                f"{path}: lies in {own}, but {found.path if found else ''} is of {theirs}: move one of them"
            )
        return own or theirs or TRAIN

    def unlisted(self) -> list[Path]:
        """Recordings of validation and test that have no labels."""
        return self._bare(VALIDATION, TEST)

    def notices(self) -> list[str]:
        """What a person should know of it, a line each."""
        splits = {path: self.split(path) for path in self.audio}
        lines = []
        bare = [path for path in self._bare(TRAIN) if not self._is_labelled_elsewhere(path)]
        if bare:
            what = f"{len(bare)} recordings have no labels and count as unlabelled, such as {bare[0]}"
            lines.append(f"{self.name}: {what} (nothing happens in one: give it an empty label file)")
        labelled = {splits[path] for path in self.labels}
        if labelled == {TRAIN}:
            lines.append(
                f"{self.name}: no split is made: about a fifth of the labelled recordings validates, always the same; "
                f"for a test, put recordings of other days or places into {self.folder / TEST}"
            )
        lines += [f"{why_unknown(path, head_of(path))}; it names recordings, and is not read" for path in self._unread]
        aside = [path for path in self.labels if splits[path] == UNLABELED]
        if aside:
            what = f"{len(aside)} labelled recordings lie in a folder of unlabelled ones, such as {aside[0]}"
            lines.append(f"{self.name}: {what}: their labels teach nothing: move them out of it")
        lines += apart(self._called, self.audio)
        if any(found.form.name == "birdnet" for found in self.labels.values()):
            lines.append(f"{self.name}: BirdNET's detections count as truth: listen to them first")
        return lines + self._beside(lambda path: not are_labels(path))

    def unread(self) -> list[str]:
        """A line where recordings have no labels but in a program's own file, which is called like them."""
        return self._beside(are_labels)

    def _is_labelled_elsewhere(self, recording: Path) -> bool:
        own = self._in_own_files.get(recording)
        return own is not None and are_labels(own)

    def _beside(self, counts: Callable[[Path], bool]) -> list[str]:
        """A line where recordings have no labels but in programs' own files, of those that count."""
        bare = self._bare(TRAIN, VALIDATION, TEST)
        found = [own for path in bare if (own := self._in_own_files.get(path)) is not None and counts(own)]
        if not found:
            return []
        many = f"{len(found)} recordings have no labels but in files that are not read, such as"
        return [f"{self.name}: {many} {own_mend(found[0])}"]

    def _bare(self, *splits: str) -> list[Path]:
        """The recordings without labels in these splits."""
        return [path for path in self.audio if path not in self.labels and self.split(path) in splits]

    @cached_property
    def _in_own_files(self) -> dict[Path, Path]:
        """Recordings, each with the first of programs' own files that is called like it."""
        recordings, found = Recordings(self.audio), dict[Path, Path]()
        for path in own_files(self.folder):
            with suppress(UserError):  # it may be of either of two
                audio = recordings.of_file(path) or recordings.of_file(path.with_suffix(""))  # a.aup3, a.txt.gz
                if audio is not None:
                    found.setdefault(audio, path)
        return found

    def _assign(self, path: Path, form: LabelFormat, recordings: Recordings) -> None:
        file = form.open(path)
        word = _split_word(path.name)
        near = path.parent / word if word else path.parent
        for listed in file.recordings():
            audio = recordings.of_file(path) if listed == OWN else recordings.named(listed, path, near)
            if audio is None:
                alone = f"that of {path.name} (call a label file like its recording)"
                source, what = (self.folder, alone) if listed == OWN else (path, listed)
                self.missing.setdefault(source, []).append(what)
                continue
            means = path.relative_to(self.folder).as_posix() if listed == OWN else listed
            self._called.append(("" if listed == OWN else str(path), means, audio))
            other = self.labels.setdefault(audio, Labels(path, form, file, listed))
            if other.path != path:
                raise UserError(f"{audio}: is labelled by {other.path} and by {path}: keep one, or join them")
            if other.listed != listed:
                raise UserError(f"{path}: {audio} is listed as {other.listed!r} and as {listed!r}: spell it alike")

    def _split_of_folders(self, path: Path) -> str | None:
        parts = path.relative_to(self.folder).parts[:-1]
        return next((SPLIT_OF[part.casefold()] for part in parts if part.casefold() in SPLIT_OF), None)


def split_called(name: str) -> str | None:
    """The split that a label file is called like, `test.csv` or `test_labels.csv` or `annotations-test.csv`; None where
    it is called otherwise."""
    word = _split_word(name)
    return SPLIT_OF[word.casefold()] if word else None


def _split_word(name: str) -> str | None:
    """What of a label file's name is that of a split."""
    meant = (BEFORE.sub("", one) for one in names_meant(name))
    return next((one for one in meant if one.casefold() in SPLIT_OF), None)


def _names_one_of(path: Path, names: Collection[str]) -> bool:
    """Whether the first lines of a table have a cell that is one of these names, or a path to one."""
    cells = (cell for line in head_of(path) for cell in re.split(r'[\t,;"]', line.casefold()))
    return any(re.split(r"[/\\]", cell.strip())[-1] in names for cell in cells)


def _empty_track(path: Path, recordings: Recordings) -> LabelFormat | None:
    """A file of nothing that is called like a recording is a label track without labels.

    Raises:
        UserError: it is called so and holds something else.
    """
    if recordings.of_file(path) is None:
        return None
    head = head_of(path)
    if not head and path.suffix.lower() in audacity.FORMAT.suffixes:
        return audacity.FORMAT
    raise UserError(why_unknown(path, head, "called like a recording, but no label file that sedkd knows"))

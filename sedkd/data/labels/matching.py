"""Which recording a label file, or a row of one, means."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from sedkd.data.folders import is_audio_name
from sedkd.errors import UserError
from sedkd.spelling import composed

# What people and programs add to a recording's name: a-labels.txt, a.Table.1.selections.txt, a.BirdNET.results.csv.
ADDED = re.compile(
    r"[\s._-]*(labels?|label[\s_-]?track|annotations?|events?|selections?|table(\.\d+)?|results?|birdnet|raven|audacity)$",
    re.IGNORECASE,
)


class Recordings:
    """Recordings, to be found by name or by what a label file is called."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._by_name: dict[str, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for path in files:
            self._by_name.setdefault(_key(path.name), []).append(path)
            self._by_stem.setdefault(_key(path.stem), []).append(path)

    def of_file(self, labels: Path) -> Path | None:
        """The recording that a label file is called like, the nearest where several are; None where there is none.

        Raises:
            UserError: two are equally near.
        """
        for name in names_meant(_key(labels.name)):
            found = self._by_name.get(name) or self._by_stem.get(name)
            if found:
                return self._nearest(found, labels.parent, labels)
        return None

    def named(self, name: str, labels: Path, near: Path) -> Path | None:
        """The recording that a row of `labels` calls `name`, a path on whatever machine, with or without its ending.

        Of several, the one whose folder ends most like that of the name, below `near`.

        Raises:
            UserError: it may be two.
        """
        path = PurePosixPath(name.replace("\\", "/"))
        found = self._by_name.get(_key(path.name)) or self._by_stem.get(_key(path.name))
        if not found and is_audio_name(path.name):
            found = self._by_stem.get(_key(path.stem))  # converted since: a.wav is a.flac
        if not found:
            return None
        parts = [part for part in path.parent.parts if part != "/"]
        return self._nearest(found, near.joinpath(*parts), labels)

    def _nearest(self, found: Sequence[Path], folder: Path, labels: Path) -> Path:
        """The one whose folder ends most like `folder`."""
        alike = [_common_end(path.parent.parts, folder.parts) for path in found]
        if alike.count(max(alike)) > 1:
            first, second = [path for path, shared in zip(found, alike, strict=True) if shared == max(alike)][:2]
            mend = "put it beside its recording, or write the folder"
            if first.parent == second.parent:
                mend = f"keep one of them, or write the ending of its name as well, as in {first.name}"
            raise UserError(f"{labels}: may mean {first} or {second}: {mend}")
        return found[alike.index(max(alike))]


def apart(called: Sequence[tuple[str, str, Path]], audio: Sequence[Path]) -> list[str]:
    """A line where labels were found to mean recordings in folders that are called otherwise, though the names of
    folders tell recordings apart: `day1/001.wav` was taken for `day2/001.wav`.

    called: the table that names a recording ("": the label file itself does, by its own name), the path that it means
    by that, and the recording that was found. Folders tell recordings apart where one of this name holds some, or
    where other rows of the table mean recordings in folders of those names.
    """
    folders = {_key(path.parent.name) for path in audio}
    agree = {table for table, name, path in called if table and _folder(name) == _key(path.parent.name)}
    wrong = [
        (name, path)
        for table, name, path in called
        if _folder(name) and _folder(name) != _key(path.parent.name) and (table in agree or _folder(name) in folders)
    ]
    if not wrong:
        return []
    name, path = wrong[0]
    return [
        f"{len(wrong)} recordings are found by name alone, in folders called otherwise, such as {path} for {name}: are "
        "they the same? If not, remove their labels, or bring what is missing"
    ]


def _folder(name: str) -> str:
    return _key(PurePosixPath(name.replace("\\", "/")).parent.name)


def names_meant(name: str) -> Iterator[str]:
    """What a label file's recording may be called: its name without the ending, and what is left of that when additions
    are taken away, one after the other."""
    name = name.rpartition(".")[0]
    while name:
        yield name
        left = ADDED.sub("", name)
        name = left if left != name else ""


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if _key(a) != _key(b):
            break
        count += 1
    return count


def _key(name: str) -> str:
    return composed(composed(name).casefold())

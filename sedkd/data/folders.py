"""Folders of recordings: what audio lies in one, however deep, and which of it a table means."""

import os
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TypeVar

from sedkd.data.decoding import AUDIO_SUFFIXES, is_special
from sedkd.errors import SedkdWarning, UserError
from sedkd.spelling import composed

Name = TypeVar("Name", str, Path)

UNREAD = frozenset(
    (".3gp", ".aifc", ".amr", ".ape", ".au", ".avi", ".bwf", ".ds2", ".dss", ".mka", ".mkv", ".mov", ".mp4", ".mts",
     ".ra", ".rf64", ".w4v", ".wac", ".webm", ".wma", ".wv")
)  # fmt: skip
"""How files end that recorders, cameras and phones write and that hold sound which is not read."""


def require_folder(path: Path) -> None:
    """UserError where there is no such folder, or a file stands there."""
    if not path.is_dir():
        file = "is no folder: name the folder that holds the recordings"
        raise UserError(f"{path}: {file if path.exists() else 'no such folder'}")


def audio_below(folder: Path) -> list[Path]:
    """The audio files of a folder and of those in it; see `files_below`."""
    return files_below(folder, is_audio_name)


def files_below(folder: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """The files of `wanted` names in a folder and in those in it, sorted; none where there is no such folder.

    Links are followed, each folder once. Names that begin with a dot are passed over: other systems leave such files
    beside recordings, which end in .wav and hold no audio. So are pipes, sockets and devices, with a warning each.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = (name for name in files if not name.startswith(".") and wanted(name))
        found += [path for name in names if _is_plain(path := Path(here, name))]
    return sorted(found)


def _is_plain(path: Path) -> bool:
    """Whether it is a file; a warning tells of a pipe, which would be waited for. A link without an end counts: its
    error is that of a file that is missing."""
    special = is_special(path)
    if special:
        warnings.warn(f"{path}: is a pipe, a socket or a device, no file; passed over", SedkdWarning, stacklevel=4)
    return not special


def each_once(names: Iterable[Name]) -> list[Name]:
    """Files by the first of the names under which they are given: a detour or a link leads to the same file."""
    first: dict[str, Name] = {}
    for name in names:
        first.setdefault(os.path.realpath(name), name)
    return list(first.values())


def is_audio_name(name: str) -> bool:
    """Whether a file of this name is a recording."""
    return not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES


def unread_below(folder: Path) -> list[str]:
    """A line where files in a folder or in those in it hold sound, by their names, that is not read; else none."""
    found = files_below(folder, lambda name: Path(name).suffix.lower() in UNREAD and not name.startswith("."))
    if not found:
        return []
    kinds = ", ".join(sorted({path.suffix.lower() for path in found}))
    which = f"{len(found)} files, such as {found[0]}," if len(found) > 1 else str(found[0])
    return [f"{folder}: {which} may hold sound, which is not read from {kinds}: save it as FLAC or WAV, called alike"]


def without_audio_suffix(name: str) -> str:
    """A name without the ending of an audio file; other dots are part of it."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in AUDIO_SUFFIXES else name


def require_inside(name: str, source: Path) -> None:
    """UserError when a listed name would lead out of the folder that it is sought in."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or (pure.parts[:1] and pure.parts[0].endswith(":")):
        raise UserError(f"{source}: filename {name!r} leads out of the dataset: mend the list")


class AudioFolder:
    """The audio of a split, as a table may name it: by its path below the folder, or by its name alone where no other
    is called so. Case, and how Unicode is composed, make no difference where nothing matches as it stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> list[Path]:
        """All audio in it; see `audio_below`."""
        return audio_below(self.folder)

    def find(self, name: str, source: Path) -> Path | None:
        """The file that `source` calls `name`; None when there is none.

        Raises:
            UserError: the name leads out of the folder, or means more than one file.
        """
        require_inside(name, source)
        path = self.folder / name
        if path.is_file():
            return path
        wanted = _key(PurePosixPath(name.replace("\\", "/")).as_posix())
        found = self._by_path.get(wanted) or self._by_name.get(wanted, [])
        if len(found) > 1:
            raise UserError(f"{source}: {name!r} may be {found[0]} or {found[1]}: write the folder, too")
        return found[0] if found else None

    def unlisted(self, listed: Iterable[Path]) -> list[Path]:
        """Audio that is not among `listed`."""
        known = set(listed)
        return [path for path in self.files if path not in known]

    @cached_property
    def _by_path(self) -> dict[str, list[Path]]:
        return _grouped((path.relative_to(self.folder).as_posix(), path) for path in self.files)

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _grouped((path.name, path) for path in self.files)


def _key(name: str) -> str:
    return composed(composed(name).casefold())


def _grouped(named: Iterable[tuple[str, Path]]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for name, path in named:
        found.setdefault(_key(name), []).append(path)
    return found

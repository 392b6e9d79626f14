"""Collect a dataset's clips while its lists are read: which audio is there, which is missing, which nobody listed."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sedkd.data.audio import AUDIO_SUFFIXES
from sedkd.data.datasets.dataset import Clip
from sedkd.errors import UserError


class Listing:
    """The clips below one root. Names of lists can never lead out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clips: list[Clip] = []
        self.absent: dict[Path, list[str]] = {}

    def add(
        self,
        folders: Sequence[Path],
        name: str,
        environment: str,
        split: str,
        group: str,
        source: Path,
        table: Path | None = None,
    ) -> None:
        """The clip that `source` lists as `name`, in the first of the folders that has it; else it is missing.

        Raises:
            UserError: the name leads out of the folder.
        """
        require_inside(name, source)
        path = next((folder / name for folder in folders if (folder / name).exists()), None)
        if path is None:
            self.absent.setdefault(source, []).append(name)
            return
        filename = path.relative_to(self.root).as_posix()
        self.clips.append(Clip(path, filename, environment, split, group, table, name))

    def unlisted(self, *folders: Path) -> tuple[Path, ...]:
        """Audio in these folders that no list named."""
        listed = {clip.path for clip in self.clips}
        return tuple(path for folder in folders for path in audio_in(folder) if path not in listed)

    @property
    def missing(self) -> dict[Path, tuple[str, ...]]:
        return {source: tuple(names) for source, names in self.absent.items()}


def require_inside(name: str, source: Path) -> None:
    """UserError when a listed name would lead out of the folder that it is sought in."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or (pure.parts[:1] and pure.parts[0].endswith(":")):
        raise UserError(f"{source}: filename {name!r} leads out of the dataset: mend the list")


def audio_in(folder: Path) -> list[Path]:
    """The audio files of a folder, sorted; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES)

"""Collect a dataset's clips while its lists are read: which audio is there, which is missing, which nobody listed."""

from collections.abc import Sequence
from pathlib import Path

from sedkd.data.datasets.dataset import Clip
from sedkd.data.folders import AudioFolder


class Listing:
    """The clips below one root. Names of lists can never lead out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clips: list[Clip] = []
        self.absent: dict[Path, list[str]] = {}
        self._folders: dict[Path, AudioFolder] = {}

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
            UserError: the name leads out of the folder, or means more than one file.
        """
        sought = (self._folder(folder).find(name, source) for folder in folders)
        path = next((path for path in sought if path is not None), None)
        if path is None:
            self.absent.setdefault(source, []).append(name)
            return
        filename = path.relative_to(self.root).as_posix()
        self.clips.append(Clip(path, filename, environment, split, group, table, name))

    def unlisted(self, *folders: Path) -> tuple[Path, ...]:
        """Audio in these folders that no list named."""
        listed = {clip.path for clip in self.clips}
        found = (path for folder in folders for path in self._folder(folder).unlisted(listed))
        return tuple(dict.fromkeys(found))

    @property
    def missing(self) -> dict[Path, tuple[str, ...]]:
        return {source: tuple(names) for source, names in self.absent.items()}

    def _folder(self, folder: Path) -> AudioFolder:
        return self._folders.setdefault(folder, AudioFolder(folder))

"""Which of some recordings a row of a table of detections means."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from sedkd.errors import UserError
from sedkd.spelling import composed


class Named:
    """Recordings, as a detector may have called them: by a path that stands, by the path below one of `roots`, or by
    the end of their path. Case, and how Unicode is composed, make no difference where nothing matches as it stands."""

    def __init__(self, recordings: Sequence[Path], roots: Sequence[Path]) -> None:
        self._real = {path.resolve(): path for path in recordings}
        below = ((path.relative_to(r).as_posix(), path) for path in recordings for r in roots if r in path.parents)
        self._below = _Names(below)
        self._ends = _Names((end, path) for path in recordings for end in _ends(path))

    def find(self, name: str, where: str) -> Path | None:
        """The recording that `name` means at `where` in a table; None where it is none of them.

        Raises:
            UserError: it may be two.
        """
        real = Path(name).resolve()
        if real in self._real:
            return self._real[real]
        plain = PurePosixPath(name.replace("\\", "/")).as_posix()
        found = self._below.called(plain) or self._ends.called(plain)
        if len(found) > 1:
            raise ambiguous(name, found, where)
        return found[0] if found else None


def ambiguous(name: str, found: Sequence[Path], where: str) -> UserError:
    """What to say of a name that may mean several recordings."""
    return UserError(
        f"{where}: {name!r} may be {found[0]} or {found[1]}: name one of them only, or write the folder in the table"
    )


class _Names:
    """Files by names, each of which several may have."""

    def __init__(self, named: Iterable[tuple[str, Path]]) -> None:
        self._exact: dict[str, dict[Path, None]] = {}
        self._alike: dict[str, dict[Path, None]] = {}
        for name, path in named:
            self._exact.setdefault(name, {})[path] = None
            self._alike.setdefault(_key(name), {})[path] = None

    def called(self, name: str) -> list[Path]:
        return list(self._exact.get(name) or self._alike.get(_key(name), {}))


def _ends(path: Path) -> list[str]:
    """What a path ends with: its name, the same with its folder, and so on."""
    parts = path.absolute().parts[1:]
    return ["/".join(parts[first:]) for first in range(len(parts))]


def _key(name: str) -> str:
    return composed(composed(name).casefold())

"""Long work that goes on after a kill where it stopped, done by one process at a time.

What is unfinished lies in a folder of its own, `<cache>/unfinished/<name>`: the files so far and a journal of the parts
that are in them. A lock stands beside it, which the system takes from a process that dies.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sedkd.disk.kept import one_at_a_time
from sedkd.disk.paths import cache_root, naming
from sedkd.errors import UserError
from sedkd.parallel import require_started


class Unfinished:
    """Work under way: its `folder`, and the names of the parts that are `done`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self.done = parts_in(self.journal)
        if self.journal.exists():  # without the line that a kill tore
            os.truncate(self.journal, self.journal.read_bytes().rfind(b"\n") + 1)

    def restart(self) -> None:
        """Forget what was done: the files are not there or not what they should be."""
        self.journal.unlink(missing_ok=True)
        self.done = set()

    def note(self, parts: Sequence[str]) -> None:
        """Parts, each an ASCII word, are done and safe on the disk: call it after the files were synchronised."""
        with naming(self.journal), self.journal.open("a", encoding="ascii") as journal:
            journal.write("".join(f"{part}\n" for part in parts))
            journal.flush()
            os.fsync(journal.fileno())
        self.done.update(parts)


@contextmanager
def alone(
    name: str, is_there: Callable[[], bool], waiting: Callable[[int], None] | None = None
) -> Iterator[Unfinished | None]:
    """Hold the work called `name`: None when another process has finished it meanwhile.

    While another one is at it, `waiting` is told how many parts that one has done. The caller makes the finished thing,
    of which `is_there` knows, appear at once; then the folder is removed. After an error it stays for the next time.
    """
    require_started()
    folder = cache_root() / "unfinished" / name

    def look(*_: int) -> None:
        if waiting:
            waiting(len(parts_in(folder / "journal")))

    with one_at_a_time(folder.with_name(f"{name}.lock"), look):
        if is_there():
            yield None
        else:
            folder.mkdir(exist_ok=True)
            yield Unfinished(folder)
        if is_there():
            shutil.rmtree(folder, ignore_errors=True)


def telling(progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None] | None:
    """What tells `progress` how many of about `total` parts another process has done; None where nobody listens."""
    if progress is None:
        return None
    listener = progress
    return lambda done: listener(min(done, total), total)


def parts_in(journal: Path) -> set[str]:
    """The parts that a journal names; a last line without an end was torn by a kill and does not count."""
    if not journal.exists():
        return set()
    return set(journal.read_text(encoding="ascii", errors="replace").split("\n")[:-1])


def require_room(folder: Path, size: int) -> None:
    """UserError when the disk of `folder` has no room for `size` bytes."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise UserError(
            f"{folder}: {size / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free; make room, or name another disk "
            "with $SEDKD_CACHE"
        )

"""Folders that appear when they are whole."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sedkd.disk.paths import MAX_NAME_LENGTH, WHOLE, naming

if TYPE_CHECKING:
    from filelock import FileLock

LOCK = "lock"  # in the folder of work under way: held as long as its process lives


@contextmanager
def appearing(target: Path, put: Callable[[Path, Path], object] = os.rename) -> Iterator[Path]:
    """Yield a new, empty folder, which is `target` at the end; after an error nothing has changed.

    It is made beside `target`, whose parents are made, and `put` renames the one to the other: `os.rename` takes the
    place of nothing, or of an empty folder; see `replacing`. What killed processes left of theirs for the same target
    is removed.

    Raises:
        OSError: a folder that is not empty, or a file, stands there, or the disk does not serve; it names `target`, or
            what was to lie in it.
        KeyboardInterrupt: as it came, saying that nothing was written.
    """
    with naming(target):
        yield from _appearing(target, put)


def _appearing(target: Path, put: Callable[[Path, Path], object]) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    start = f".{target.name[:MAX_NAME_LENGTH]}."
    made = Path(tempfile.mkdtemp(prefix=start, dir=target.parent))
    lock = _held(made)
    work = made.rename(made.with_name(f"{made.name}.unfinished"))  # held by now: nobody takes it for a dead one's
    try:
        whole = work / WHOLE
        whole.mkdir()
        yield whole
        put(whole, target)
        _remove_dead(target.parent, start)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{target} was not written; the same line begins it anew") from None
    finally:
        if lock:
            lock.release()
        shutil.rmtree(work, ignore_errors=True)


def replacing(whole: Path, target: Path) -> None:
    """For `appearing`: what stands at `target` moves aside first, because a full folder cannot be replaced."""
    before = whole.with_name("before")
    if target.exists():
        os.rename(target, before)
    try:
        os.rename(whole, target)
    except OSError:
        if before.exists():
            os.rename(before, target)
        raise


def _held(folder: Path) -> "FileLock | None":
    """Its lock, held; None where another process holds it, or the file system knows no locks."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError, NotImplementedError):
        return None
    return lock


def _remove_dead(parent: Path, start: str) -> None:
    """Remove what processes that are gone left of their work."""
    for path in parent.iterdir():
        if re.fullmatch(rf"{re.escape(start)}\w{{8}}\.unfinished", path.name) and (path / LOCK).is_file():
            lock = _held(path)
            if lock:
                lock.release()
                shutil.rmtree(path, ignore_errors=True)

"""Files that were made once: read when they are whole, made again, with a warning, when they are damaged."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sedkd.errors import SedkdWarning, UserError

Content = TypeVar("Content")

WAIT_SECONDS = 0.5
# What readers raise of a file that was cut or overwritten: not UTF-8, no JSON, a key or a shape that is not the one.
_DAMAGE = (UserError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, RuntimeError)


def whole(path: Path, read: Callable[[Path], Content]) -> Content | None:
    """What `read` makes of a file; None where there is none, or it is damaged."""
    return None if isinstance(found := _tried(path, read), Exception) else found


def kept(path: Path, read: Callable[[Path], Content]) -> Content | None:
    """As `whole`, and a damaged file is named in a warning: the caller makes it again in its place."""
    found = _tried(path, read)
    if not isinstance(found, Exception):
        return found
    reason = " ".join(str(found).removeprefix(f"{path}: ").split()) or type(found).__name__
    warnings.warn(f"{path}: is damaged ({reason}), so it is made again", SedkdWarning, stacklevel=3)
    return None


def made_once(
    target: Path,
    make: Callable[[], None],
    read: Callable[[Path], Content],
    progress: Callable[[int, int], None] | None = None,
) -> Content:
    """What `read` makes of `target`, which `make` writes where it is not there or is damaged.

    Of several processes one makes it and the others wait. These report to `progress` that nothing is done yet, so that
    they can be interrupted.
    """
    found = whole(target, read)
    if found is not None:
        return found
    with one_at_a_time(target.with_name(f".{target.name}.lock"), progress):
        found = kept(target, read)
        if found is None:
            make()
            found = read(target)
        return found


@contextmanager
def one_at_a_time(file: Path, progress: Callable[[int, int], None] | None = None) -> Iterator[None]:
    """Hold a lock file; who waits for it reports to `progress` that nothing is done yet."""
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout:
            if progress:
                progress(0, 1)
    try:
        yield
    finally:
        lock.release()


def _tried(path: Path, read: Callable[[Path], Content]) -> Content | Exception | None:
    from safetensors import SafetensorError

    if not path.exists():
        return None
    try:
        return read(path)
    except FileNotFoundError:  # removed a moment ago
        return None
    except (SafetensorError, *_DAMAGE) as error:
        return error

"""Where sedkd keeps what it computed once."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 0.5


def cache_root() -> Path:
    """The cache folder: $SEDKD_CACHE, else $XDG_CACHE_HOME/sedkd, else ~/.cache/sedkd."""
    own = os.environ.get("SEDKD_CACHE")
    if own:
        return Path(own).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sedkd"


def made_once(target: Path, make: Callable[[], None], progress: Callable[[int, int], None] | None = None) -> Path:
    """`target`, which `make` writes when it is not there; of several processes one makes it and the others wait.

    Those that wait report to `progress` that nothing is done yet, so that they can be interrupted.
    """
    from filelock import FileLock, Timeout

    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    while True:
        try:
            with lock.acquire(timeout=WAIT_SECONDS):
                if not target.exists():
                    make()
                return target
        except Timeout:
            if progress:
                progress(0, 1)


@contextmanager
def written_atomically(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`, on an error it is removed.

    Two processes may write the same target at once: each has its own temporary file and the last rename wins,
    which is harmless because a cache key determines the content.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # temporary files begin private, and some writers make new ones
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)

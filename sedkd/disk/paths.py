"""Where sedkd keeps what it computed once."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_NAME_LENGTH = 100  # characters: a temporary file's name is longer than its target's
WHOLE = "whole"  # in a folder of work under way: what takes the target's place (`appearing`)


def expanded(path: str | Path) -> Path:
    """With the home folder for a `~` in front; that of somebody who is not known stays as it is."""
    return Path(os.path.expanduser(path))


def cache_root() -> Path:
    """The cache folder: $SEDKD_CACHE, else $XDG_CACHE_HOME/sedkd, else ~/.cache/sedkd."""
    own = os.environ.get("SEDKD_CACHE")
    if own:
        return expanded(own).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sedkd"


@contextmanager
def written_atomically(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`, on an error it is removed.

    Two processes may write the same target at once: each has its own temporary file and the last rename wins,
    which is harmless because a cache key determines the content.

    What a link points to is replaced, not the link. A device or a pipe (/dev/stdout) is written to, not replaced.

    Raises:
        OSError: the disk is full, say; it names `target`, also where writing does not tell what it wrote to.
    """
    if _is_special(target):
        with naming(target), tempfile.TemporaryDirectory() as folder:
            yield Path(folder, target.name)
            with target.open("wb") as stream:
                stream.write(Path(folder, target.name).read_bytes())
        return
    target = target.resolve() if target.is_symlink() else target
    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:MAX_NAME_LENGTH]}.", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)  # temporary files begin private, and some writers make new ones
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


def _is_special(target: Path) -> bool:
    """Whether a device or a pipe stands there, or it is a name of an open stream."""
    stream = str(target.absolute()).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return stream or (target.exists() and not target.is_file() and not target.is_dir())


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError inside that names no file, as of a write to a full disk, names this one; a temporary name is told as
    what it was to become."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            first, second = _meant(error.filename, path), _meant(error.filename2, path)
            first = str(path) if first is None else first
            error.filename, error.filename2 = first, None if second == first else second
        raise


def _meant(name: str | bytes | int | None, path: Path) -> str | bytes | int | None:
    """A name as it is, but for a temporary one beside `path`: that, or what lies in it."""
    if not isinstance(name, str | bytes):
        return name
    beside = os.path.abspath(path.with_name(f".{path.name[:MAX_NAME_LENGTH]}."))
    full = os.path.abspath(os.fsdecode(name))
    if not full.startswith(beside):
        return name
    return str(path / full.partition(f"{os.sep}{WHOLE}{os.sep}")[2])

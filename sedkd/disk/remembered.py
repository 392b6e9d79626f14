"""What was found out about files, kept between runs: hours of audio are read once, not at every start.

A file is the one that it was while its path, its size, all of its times, its inode and some of its bytes are. None of
these is enough: a card with other recordings of the same names, lengths and (where a recorder has no clock) times may
be put where another was, or be copied over it. What is found of a file that was changed a moment ago is not kept: it
could be written again within the clock's tick.
"""

import hashlib
import sqlite3
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar, cast

from sedkd.disk.paths import cache_root
from sedkd.errors import SedkdWarning
from sedkd.parallel import MAX_WORKERS, cores

Answer = TypeVar("Answer", bound=str | None)

SETTLED_NS = 2_000_000_000  # as long as the coarsest clock of a file system ticks, for the time of modification
ENTERED_NS = 100_000_000  # the same for the time of the entry, which FAT does not change
WAIT_SECONDS = 60.0  # for another process to finish writing
KEEP_EVERY = 256  # files: what a kill can lose

GLIMPSE = 1024  # bytes that are looked at in each of so many places, none of them the header:
GLIMPSES = 4

_TABLE = """CREATE TABLE IF NOT EXISTS known
    (what TEXT, path TEXT, state TEXT, answer TEXT, PRIMARY KEY (what, path)) WITHOUT ROWID"""


def remembered(
    what: str,
    paths: Sequence[Path],
    find: Callable[[Path], Answer],
    progress: Callable[[int, int], None] | None = None,
) -> list[Answer]:
    """`find(path)` of every path, asked only for files of which the answer to `what` is not known; None is not kept.

    Files are looked at in several threads: `find` should spend its time outside of Python. Any number of processes may
    share the memory; where it cannot be used, everything is found anew, with a warning.
    """
    if not paths:
        return []
    states = {path: state for path in dict.fromkeys(paths) if (state := _glimpsed(path))}
    known = cast("dict[Path, Answer]", _known(what, states))
    missing = [path for path in dict.fromkeys(paths) if path not in known]
    fresh: dict[Path, str] = {}
    try:
        with closing(_found(find, missing)) as answers:
            for done, (path, answer) in enumerate(answers, start=1):
                known[path] = answer
                if answer is not None:
                    fresh[path] = answer
                if len(fresh) == KEEP_EVERY:
                    _keep(what, fresh, states)
                    fresh = {}
                if progress:
                    progress(done, len(missing))
    finally:
        if fresh:
            _keep(what, fresh, states)
    return [known[path] for path in paths]


def _found(find: Callable[[Path], Answer], paths: Sequence[Path]) -> Generator[tuple[Path, Answer], None, None]:
    threads = ThreadPoolExecutor(min(cores(), MAX_WORKERS))
    try:
        yield from zip(paths, threads.map(find, paths), strict=True)
    finally:
        threads.shutdown(cancel_futures=True)


State = tuple[int, ...]


def state_of(path: Path) -> State | None:
    """What the file system says of a file: size, times of its content and of its entry, inode, device. None when there
    is none, it is too young to be recognised, or it is a pipe, say, which must not be looked into."""
    try:
        stat = path.stat()
    except OSError:
        return None
    if not S_ISREG(stat.st_mode):
        return None
    now = time.time_ns()
    if now - stat.st_mtime_ns <= SETTLED_NS or now - stat.st_ctime_ns <= ENTERED_NS:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev


def _glimpsed(path: Path) -> str | None:
    """A file's state with a digest of some of its bytes."""
    state = state_of(path)
    if state is None:
        return None
    digest = hashlib.blake2b(repr(state).encode(), digest_size=16)
    try:
        with path.open("rb", buffering=0) as file:
            for place in range(1, GLIMPSES + 1):
                file.seek(max(state[0] * place // GLIMPSES - GLIMPSE, 0))
                digest.update(file.read(GLIMPSE))
    except OSError:
        return None
    return digest.hexdigest()


def _known(what: str, states: dict[Path, str]) -> dict[Path, str]:
    ask = "SELECT answer FROM known WHERE what = ? AND path = ? AND state = ?"

    def rows(memory: sqlite3.Connection) -> dict[Path, str]:
        answers = {path: memory.execute(ask, (what, _name(path), state)).fetchone() for path, state in states.items()}
        return {path: row[0] for path, row in answers.items() if row}

    return _with_memory(rows) or {}


def _keep(what: str, answers: dict[Path, str], states: dict[Path, str]) -> None:
    rows = [(what, _name(path), states[path], answer) for path, answer in answers.items() if path in states]
    _with_memory(lambda memory: _written(memory, rows))


def _written(memory: sqlite3.Connection, rows: Iterable[tuple]) -> dict[Path, str]:
    memory.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", rows)
    return {}


def _with_memory(work: Callable[[sqlite3.Connection], dict[Path, str]]) -> dict[Path, str] | None:
    """What `work` makes of the memory, in one transaction; None where there is no memory to be had."""
    file = cache_root() / "files.sqlite"
    try:
        try:
            return _opened(file, work)
        except sqlite3.OperationalError:  # busy, or not to be written to: no damage
            raise
        except sqlite3.DatabaseError as error:
            warnings.warn(f"{file}: is damaged ({error}), so it is made again", SedkdWarning, stacklevel=2)
            for part in (file.with_name(f"{file.name}-journal"), file):
                part.unlink(missing_ok=True)
            return _opened(file, work)
    except (sqlite3.Error, OSError) as error:
        warnings.warn(f"{file}: cannot be used ({error}), so files are read anew", SedkdWarning, stacklevel=2)
        return None


def _opened(file: Path, work: Callable[[sqlite3.Connection], dict[Path, str]]) -> dict[Path, str]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as memory, memory:
        memory.execute(_TABLE)
        return work(memory)


def _name(path: Path) -> str:
    """Its path; bytes that are no UTF-8, which the database does not take, are escaped."""
    return str(path.absolute()).encode("utf-8", "backslashreplace").decode()

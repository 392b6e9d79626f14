"""What was found out about files, kept between runs: hours of audio are read once, not at every start.

A file is the one that it was while its path, size and time of modification are. What is found of a file that was
modified a moment ago is not kept: it could be written again within the clock's tick.
"""

import sqlite3
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from sedkd.errors import SedkdWarning
from sedkd.parallel import MOST_WORKERS, cores
from sedkd.paths import cache_root

SETTLED_NS = 2_000_000_000  # as long as the coarsest clock of a file system ticks
WAIT_SECONDS = 60.0  # for another process to finish writing
KEEP_EVERY = 256  # files: what a kill can lose

_TABLE = """CREATE TABLE IF NOT EXISTS found
    (what TEXT, path TEXT, size INTEGER, modified INTEGER, answer TEXT, PRIMARY KEY (what, path)) WITHOUT ROWID"""

_State = tuple[int, int]
"""Size in bytes and time of modification in nanoseconds."""


def remembered(
    what: str,
    paths: Sequence[Path],
    find: Callable[[Path], str],
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """`find(path)` of every path, asked only for files of which the answer to `what` is not known.

    Files are looked at in several threads: `find` should spend its time outside of Python. Any number of processes may
    share the memory; where it cannot be used, everything is found anew, with a warning.
    """
    states = {path: state for path in dict.fromkeys(paths) if (state := _state(path))}
    known = _known(what, states)
    missing = [path for path in dict.fromkeys(paths) if path not in known]
    fresh: dict[Path, str] = {}
    try:
        with closing(_found(find, missing)) as answers:
            for done, (path, answer) in enumerate(answers, start=1):
                known[path] = fresh[path] = answer
                if len(fresh) == KEEP_EVERY:
                    _keep(what, fresh, states)
                    fresh = {}
                if progress:
                    progress(done, len(missing))
    finally:
        if fresh:
            _keep(what, fresh, states)
    return [known[path] for path in paths]


def _found(find: Callable[[Path], str], paths: Sequence[Path]) -> Generator[tuple[Path, str], None, None]:
    threads = ThreadPoolExecutor(min(cores(), MOST_WORKERS))
    try:
        yield from zip(paths, threads.map(find, paths), strict=True)
    finally:
        threads.shutdown(cancel_futures=True)


def _state(path: Path) -> _State | None:
    """The file as it is; None when there is none, or it is too young to be recognised."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns) if time.time_ns() - stat.st_mtime_ns > SETTLED_NS else None


def _known(what: str, states: dict[Path, _State]) -> dict[Path, str]:
    ask = "SELECT answer FROM found WHERE what = ? AND path = ? AND size = ? AND modified = ?"

    def rows(memory: sqlite3.Connection) -> dict[Path, str]:
        answers = {path: memory.execute(ask, (what, _name(path), *state)).fetchone() for path, state in states.items()}
        return {path: row[0] for path, row in answers.items() if row}

    return _with_memory(rows) or {}


def _keep(what: str, answers: dict[Path, str], states: dict[Path, _State]) -> None:
    rows = [(what, _name(path), *states[path], answer) for path, answer in answers.items() if path in states]
    _with_memory(lambda memory: _written(memory, rows))


def _written(memory: sqlite3.Connection, rows: Iterable[tuple]) -> dict[Path, str]:
    memory.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?, ?)", rows)
    return {}


def _with_memory(work: Callable[[sqlite3.Connection], dict[Path, str]]) -> dict[Path, str] | None:
    """What `work` makes of the memory, in one transaction; None where there is no memory to be had."""
    file = cache_root() / "files.sqlite"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as memory, memory:
            memory.execute(_TABLE)
            return work(memory)
    except (sqlite3.Error, OSError) as error:
        warnings.warn(
            f"{file}: cannot be used ({error}), so files are read anew; remove it", SedkdWarning, stacklevel=2
        )
        return None


def _name(path: Path) -> str:
    return str(path.absolute())

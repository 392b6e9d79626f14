"""Files of the cache that machines make for each other, where $SEDKD_CACHE_REMOTE names a place that all of them reach.

Such a file is looked for there before it is made, and sent there when it was. Where the place cannot be used, that is
said once, and this process goes on without it: the cache on this machine is all that it needs.
"""

import os
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import TypeVar

from sedkd.disk.kept import made_once, whole
from sedkd.disk.paths import cache_root
from sedkd.disk.remote import VARIABLE, Remote, Unreachable
from sedkd.errors import SedkdWarning
from sedkd.progress import Counter

Content = TypeVar("Content")
Turn = Callable[[str, Callable[[], None]], AbstractContextManager[None]]
"""One machine at a time at what is called so; who waits calls back now and then."""


class _Shared:
    """The place as this process uses it."""

    def __init__(self, url: str) -> None:
        self.remote = Remote(url)
        self.is_off = False
        self.there: set[str] = set()

    def tried(self, work: Callable[[], bool]) -> bool:
        """What `work` answers; False when the place cannot be used, from then on."""
        if self.is_off:
            return False
        try:
            return work()
        except Unreachable as error:
            self.is_off = True
            warnings.warn(
                f"${VARIABLE} {self.remote.place}: cannot be used ({error}); going on without it, with what is made "
                "here",
                SedkdWarning,
                stacklevel=2,
            )
            return False


def _at_once(what: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


_turn: Turn = _at_once
_opened = cache(_Shared)


def take_turns(turn: Turn) -> None:
    """From now on machines take turns in this way at making what this process shares with others; without, two of them
    that begin at once make it twice."""
    global _turn
    _turn = turn


def made_once_for_all(
    target: Path, make: Callable[[], None], read: Callable[[Path], Content], progress: Counter | None = None
) -> Content:
    """As `sedkd.disk.kept.made_once`, of which machines share what they made."""
    found = made_once(target, lambda: bring_or_make(target, make, read, progress), read, progress)
    offer(target, progress)
    return found


def bring_or_make(
    target: Path, make: Callable[[], None], read: Callable[[Path], Content], progress: Counter | None = None
) -> None:
    """Bring a file of the cache that another machine made and `read` understands, or `make` it and send it."""
    shared = _shared()
    if shared is not None and _brought(shared, target, read, progress):
        return
    if shared is None or shared.is_off:  # nobody would see what is made here: no machine waits for another
        make()
        return
    with _turn(_name(target), _waiting(progress)):
        if _brought(shared, target, read, progress):  # by the machine whose turn it was
            return
        make()
        # Without turns another machine may have been quicker: all go on with the same file.
        if not _brought(shared, target, read, progress):
            _send(shared, target, progress)


def offer(target: Path, progress: Counter | None = None) -> None:
    """Send a file of the cache, unless one of its name is there."""
    shared = _shared()
    if shared is None or _name(target) in shared.there:
        return
    if shared.tried(lambda: shared.remote.has(_name(target))):
        shared.there.add(_name(target))
    elif not shared.is_off:
        _send(shared, target, progress)


def _brought(shared: _Shared, target: Path, read: Callable[[Path], Content], progress: Counter | None) -> bool:
    name, brought = _name(target), target.with_name(f".{target.name}.brought")
    try:
        if not shared.tried(lambda: shared.remote.bring(name, brought, _waiting(progress))):
            return False
        if whole(brought, read) is None:
            warnings.warn(
                f"${VARIABLE} {shared.remote.place}: {name} is none of this version's and is not used",
                SedkdWarning,
                stacklevel=2,
            )
            return False
        brought.replace(target)
    finally:
        brought.unlink(missing_ok=True)
    shared.there.add(name)
    return True


def _send(shared: _Shared, target: Path, progress: Counter | None) -> None:
    def send() -> bool:
        shared.remote.send(target, _name(target), _waiting(progress))
        return True

    if shared.tried(send):
        shared.there.add(_name(target))


def _shared() -> _Shared | None:
    url = os.environ.get(VARIABLE)
    return _opened(url) if url else None


def _name(target: Path) -> str:
    return target.relative_to(cache_root()).as_posix()


def _waiting(progress: Counter | None) -> Callable[[], None]:
    return (lambda: progress(0, 1)) if progress else (lambda: None)

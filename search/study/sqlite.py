"""Trials in a SQLite file, their processes known by locks on files: a store on one machine's disk."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.study.database import WAIT_SECONDS, read_only_url_of, require_sound, tell_of, url_of
from sedkd.disk.kept import one_at_a_time
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class SQLiteStorage:
    """A `search.study.storage.Storage` in the folder of a store.

    Each process holds a lock on its own file as long as it lives, however it ends, so that its death is known at once;
    Optuna's heartbeat would take a minute, and does not work where trials are asked for and told.
    """

    root: Path

    @property
    def file(self) -> Path:
        return self.root / "optuna.db"

    @property
    def leases(self) -> str:
        return "locks"

    @property
    def place(self) -> str:
        return str(self.root)

    @property
    def exists(self) -> bool:
        return self.file.exists()

    def require(self) -> None:
        if self._can_only_be_read:
            raise UserError(f"{self.root}: can be looked at, but not written to; name another folder with --store")

    def trials(self) -> "optuna.storages.RDBStorage":
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        require_sound(self.file, "or move it away: the same line begins anew, and finds the caches full")
        try:
            storage = self._to_look_at() if self._can_only_be_read else self._to_write_to()
        except (StorageInternalError, SQLAlchemyError, RuntimeError, OSError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(
                f"{self.file}: cannot be used ({reason}); make room, see that it may be written to, or name "
                "another folder with --store"
            ) from error
        tell_of(storage.engine, self.file)
        return storage

    @property
    def _can_only_be_read(self) -> bool:
        """Whether it is somebody else's, or on a medium that cannot be written to."""
        return self.file.exists() and not (os.access(self.file, os.W_OK) and os.access(self.root, os.W_OK))

    def _to_write_to(self) -> "optuna.storages.RDBStorage":
        from optuna.storages import RDBStorage

        self.root.mkdir(parents=True, exist_ok=True)
        # Tables are made by one process at a time: those that find none at once would each make them. Two may write at
        # once: wait for the other instead of failing.
        with one_at_a_time(self._owners / "tables.lock"):
            return RDBStorage(url_of(self.file), engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}})

    def _to_look_at(self) -> "optuna.storages.RDBStorage":
        from optuna.storages import RDBStorage

        return RDBStorage(read_only_url_of(self.file), skip_table_creation=True)

    @contextmanager
    def turn(self, study: str) -> Iterator[None]:
        with one_at_a_time(self._owners / f"turn-{study}.lock"):
            yield

    def one_look(self) -> AbstractContextManager[None]:
        return nullcontext()  # reading them is quick here

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()  # few are at it at once

    @contextmanager
    def making(self, what: str, waiting: Callable[[], None]) -> Iterator[None]:
        yield  # on this machine files of the cache are locked already

    @contextmanager
    def owner(self) -> Iterator[str]:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path = self._owner_file(name)
        with one_at_a_time(path):
            yield name
        path.unlink(missing_ok=True)

    def is_alive(self, owner: str) -> bool:
        from filelock import FileLock, Timeout

        path = self._owner_file(owner)
        if not owner or not path.exists():
            return False
        try:
            with FileLock(path, blocking=False):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
        return False

    def share(self, study: str, folder: Path, file: Path) -> None:
        """It lies on the disk that everyone sees."""

    def fetch(self, study: str, folder: Path, file: Path, anew: bool = False) -> None:
        """It lies on the disk that everyone sees."""

    def forget(self, study: str, folder: Path, file: Path) -> None:
        file.unlink(missing_ok=True)

    def forget_study(self, study: str) -> None:
        """They lie in its folder, where they are told apart by its life (see `search.study.life`)."""

    def fetch_scores(self, study: str, folder: Path) -> None:
        """They lie on the disk that everyone sees."""

    @property
    def _owners(self) -> Path:
        return self.root / "owners"

    def _owner_file(self, owner: str) -> Path:
        return self._owners / f"{owner}.lock"

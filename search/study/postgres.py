"""Trials in PostgreSQL, for searches by several machines at once.

A process owns its trials by a lease: a row with a deadline by the server's clock, which a thread renews. What it leaves
behind may be taken over when the deadline has passed; who takes over holds an advisory lock, so that of two one wins.
Files that other machines need (students, scores) lie beside the trials.
"""

import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna
    import psycopg

Answer = TypeVar("Answer")

LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 600.0  # for a server that does not answer in mid-study
CONNECT_SECONDS = 10
MAKING_SECONDS = 2.0  # between two questions whether another machine is still making something
SCHEMES = ("postgresql", "postgres")
_TABLES = """
SELECT pg_advisory_xact_lock(7361646);
CREATE TABLE IF NOT EXISTS sedkd_owners (name text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS sedkd_files (study text, path text, content bytea NOT NULL, PRIMARY KEY (study, path));
"""
_RENEW = """
INSERT INTO sedkd_owners VALUES (%s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (name) DO UPDATE SET until = excluded.until
"""
_SHARE = """
INSERT INTO sedkd_files VALUES (%s, %s, %s) ON CONFLICT (study, path) DO UPDATE SET content = excluded.content
"""


def require_address(text: str) -> None:
    """UserError where `text` is no address of a PostgreSQL server, or its driver is not installed."""
    from importlib.util import find_spec

    scheme, mark, _ = text.partition("://")
    if not mark or scheme not in SCHEMES:
        raise UserError(f"--storage {shown(text)}: expected postgresql://USER@HOST/DATABASE or grpc://HOST:PORT")
    if find_spec("psycopg") is None:
        raise UserError("--storage: the driver is not installed; pip install 'sedkd[postgresql]'")


def shown(address: str) -> str:
    """An address without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(address).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return address.rpartition("@")[2]


@dataclass(frozen=True)
class PostgresStorage:
    """A `search.study.storage.Storage` on a server at `address` (postgresql://...).

    patience: seconds to wait for a server that does not answer in mid-study.
    """

    address: str
    patience: float = PATIENCE_SECONDS

    @property
    def leases(self) -> str:
        return "rows"

    @property
    def place(self) -> str:
        return shown(self.address)

    @property
    def exists(self) -> bool:
        with self._told(), self._connected() as connection:
            found = connection.execute("SELECT to_regclass('studies')").fetchone()
        return found is not None and found[0] is not None

    def require(self) -> None:
        with self._told(), self._connected():
            pass

    def trials(self) -> "optuna.storages.BaseStorage":
        from search.study.patient import patient

        with self._told():
            with self._connected() as connection, connection.transaction():
                connection.execute(_TABLES)
            # Tables are made by one process at a time: those that find none at once would each make them.
            with self.turn("optuna's tables"):
                return patient(self._engine_url, self.place, self.patience)

    @contextmanager
    def turn(self, study: str) -> Iterator[None]:
        def locked() -> "psycopg.Connection[Any]":
            connection = self._connected()
            try:
                connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"sedkd turn {study}",))
            except BaseException:
                connection.close()
                raise
            return connection

        connection = self._waited_for(locked)
        try:
            yield
        finally:
            connection.close()  # this gives the lock back, as the death of the process would

    def one_look(self) -> AbstractContextManager[None]:
        from search.study.patient import one_look

        return one_look()

    def together(self) -> AbstractContextManager[None]:
        from search.study.patient import together

        return together()

    @contextmanager
    def making(self, what: str, waiting: Callable[[], None]) -> Iterator[None]:
        """If the server goes away meanwhile, the turn ends with the connection: another machine may make it, too."""

        def tried() -> "psycopg.Connection[Any] | None":
            connection = self._connected()
            ask = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            try:
                held = connection.execute(ask, (f"sedkd making {what}",)).fetchone()
            except BaseException:
                connection.close()
                raise
            if held == (True,):
                return connection
            connection.close()
            return None

        while (connection := self._waited_for(tried)) is None:
            waiting()
            time.sleep(MAKING_SECONDS)
        try:
            yield
        finally:
            connection.close()

    @contextmanager
    def owner(self) -> Iterator[str]:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._asked(_RENEW, (name, LEASE_SECONDS))
        ended = threading.Event()
        threading.Thread(target=self._renewing, args=(name, ended), daemon=True).start()
        try:
            yield name
        finally:
            ended.set()
        self._asked("DELETE FROM sedkd_owners WHERE name = %s", (name,))

    def is_alive(self, owner: str) -> bool:
        found = self._asked("SELECT until > clock_timestamp() FROM sedkd_owners WHERE name = %s", (owner,))
        return bool(found) and found[0][0]

    def share(self, study: str, folder: Path, file: Path) -> None:
        self._asked(_SHARE, (study, file.relative_to(folder).as_posix(), file.read_bytes()))

    def fetch(self, study: str, folder: Path, file: Path, anew: bool = False) -> None:
        if file.exists() and not anew:
            return
        ask = "SELECT content FROM sedkd_files WHERE study = %s AND path = %s"
        for (content,) in self._asked(ask, (study, file.relative_to(folder).as_posix())):
            _write(file, content)

    def forget(self, study: str, folder: Path, file: Path) -> None:
        file.unlink(missing_ok=True)
        ask = "DELETE FROM sedkd_files WHERE study = %s AND path = %s"
        self._asked(ask, (study, file.relative_to(folder).as_posix()))

    def forget_study(self, study: str) -> None:
        self._asked("DELETE FROM sedkd_files WHERE study = %s", (study,))

    def fetch_scores(self, study: str, folder: Path) -> None:
        ask = "SELECT path, content FROM sedkd_files WHERE study = %s AND path LIKE %s"
        for path, content in self._asked(ask, (study, "%.json")):
            if not (folder / path).resolve().is_relative_to(folder.resolve()):
                raise UserError(f"--storage {self.place}: {study} holds a file {path!r}, which is outside of the study")
            _write(folder / path, content)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What a server refuses becomes one line, without a password."""
        import psycopg
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (psycopg.Error, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None) or error
            reason = next((line for line in str(cause).splitlines() if line.strip()), type(cause).__name__).strip()
            reason = _without_password(reason, self.address)
            raise UserError(
                f"--storage {self.place}: cannot be used ({reason}); see that the server runs, that it can be reached "
                "from here, and that user, password and database are right"
            ) from None

    def _connected(self) -> "psycopg.Connection[Any]":
        """A connection of its own, in which each statement counts at once."""
        import psycopg

        return psycopg.connect(self.address, autocommit=True, connect_timeout=CONNECT_SECONDS)

    def _answered(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that a statement answers, if it answers any."""
        connection = self._connected()
        try:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]  # ours, not a user's text
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _asked(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """As `_answered`; waits for a server that is gone."""
        return self._waited_for(lambda: self._answered(statement, values))

    def _waited_for(self, ask: Callable[[], Answer]) -> Answer:
        from search.study.patient import waiting

        return waiting(ask, _is_gone, self.place, self.patience)

    def _renewing(self, name: str, ended: threading.Event) -> None:
        import psycopg

        while not ended.wait(LEASE_SECONDS / 3):
            with suppress(psycopg.Error):  # while the server is gone, or read-only, nobody can take over, either
                self._answered(_RENEW, (name, LEASE_SECONDS))

    @property
    def _engine_url(self) -> str:
        from sqlalchemy.engine import make_url

        return make_url(self.address).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _without_password(text: str, address: str) -> str:
    """A driver's words may quote what it could not read of an address."""
    found = re.search(r"://[^:/@]*:(.+)@", address)
    return text if found is None else text.replace(found[1], "***").replace(unquote(found[1]), "***")


def _is_gone(error: Exception) -> bool:
    """Whether the server may be back in a while. What it would refuse for good was told when it was opened."""
    import psycopg

    return isinstance(error, psycopg.OperationalError)


def _write(file: Path, content: bytes) -> None:
    with written_atomically(file) as temporary:
        temporary.write_bytes(content)

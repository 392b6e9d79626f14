"""Trials in PostgreSQL, for searches by several machines at once.

A process owns its trials by a lease: a row with a deadline by the server's clock, which a thread renews. What it leaves
behind may be taken over when the deadline has passed; who takes over holds an advisory lock, so that of two one wins.
Files that other machines need (students, scores) lie beside the trials.
"""

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna
    import psycopg

LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 600.0  # for a server that does not answer in mid-study
CONNECT_SECONDS = 10
SCHEMES = ("postgresql", "postgres")
_TABLES = """
SELECT pg_advisory_xact_lock(7361646);
CREATE TABLE IF NOT EXISTS sedkd_owners (name text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS sedkd_files (study text, path text, content bytea NOT NULL, PRIMARY KEY (study, path));
"""
_RENEW = """
INSERT INTO sedkd_owners VALUES (%(name)s, clock_timestamp() + make_interval(secs => %(seconds)s))
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
        raise UserError(f"--storage {shown(text)}: expected postgresql://USER@HOST/DATABASE")
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
    def place(self) -> str:
        return shown(self.address)

    @property
    def exists(self) -> bool:
        with self._told(), self._connected() as connection:
            found = connection.execute("SELECT to_regclass('studies')").fetchone()
        return found is not None and found[0] is not None

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
        with self._connection() as connection:  # its end gives the lock back, also where the process dies
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"sedkd turn {study}",))
            yield

    @contextmanager
    def owner(self) -> Iterator[str]:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with self._connection() as connection:
            _renew(connection, name)
        ended = threading.Event()
        threading.Thread(target=self._renewing, args=(name, ended), daemon=True).start()
        try:
            yield name
        finally:
            ended.set()
        with self._connection() as connection:
            connection.execute("DELETE FROM sedkd_owners WHERE name = %s", (name,))

    def is_alive(self, owner: str) -> bool:
        with self._connection() as connection:
            ask = "SELECT until > clock_timestamp() FROM sedkd_owners WHERE name = %s"
            found = connection.execute(ask, (owner,)).fetchone()
        return found is not None and found[0]

    def share(self, study: str, folder: Path, file: Path) -> None:
        content = file.read_bytes()
        with self._connection() as connection:
            connection.execute(_SHARE, (study, file.relative_to(folder).as_posix(), content))

    def fetch(self, study: str, folder: Path, file: Path) -> None:
        if file.exists():
            return
        with self._connection() as connection:
            ask = "SELECT content FROM sedkd_files WHERE study = %s AND path = %s"
            found = connection.execute(ask, (study, file.relative_to(folder).as_posix())).fetchone()
        if found is not None:
            _write(file, found[0])

    def fetch_scores(self, study: str, folder: Path) -> None:
        with self._connection() as connection:
            ask = "SELECT path, content FROM sedkd_files WHERE study = %s AND path LIKE %s"
            for path, content in connection.execute(ask, (study, "%.json")).fetchall():
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
            raise UserError(
                f"--storage {self.place}: cannot be used ({reason}); see that the server runs, that it can be reached "
                "from here, and that user, password and database are right"
            ) from None

    def _connected(self) -> "psycopg.Connection[Any]":
        """A connection of its own, in which each statement counts at once."""
        import psycopg

        return psycopg.connect(self.address, autocommit=True, connect_timeout=CONNECT_SECONDS)

    def _connection(self) -> "psycopg.Connection[Any]":
        """As `_connected`; waits for a server that is gone."""
        from search.study.patient import waiting

        return waiting(self._connected, _is_gone, self.place, self.patience)

    def _renewing(self, name: str, ended: threading.Event) -> None:
        import psycopg

        while not ended.wait(LEASE_SECONDS / 3):
            try:
                with self._connection() as connection:
                    _renew(connection, name)
            except psycopg.Error:  # whoever waits for the server tells it; while it is gone nobody can take over
                continue

    @property
    def _engine_url(self) -> str:
        from sqlalchemy.engine import make_url

        return make_url(self.address).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _is_gone(error: Exception) -> bool:
    """Whether the server may be back in a while: it refused because it starts or stops, or nobody answered."""
    import psycopg

    words = ("starting up", "shutting down", "Connection refused", "No such file", "timeout", "server closed")
    return isinstance(error, psycopg.OperationalError) and any(word in str(error) for word in words)


def _renew(connection: "psycopg.Connection[Any]", name: str) -> None:
    connection.execute(_RENEW, {"name": name, "seconds": LEASE_SECONDS})


def _write(file: Path, content: bytes) -> None:
    with written_atomically(file) as temporary:
        temporary.write_bytes(content)

"""A real PostgreSQL server in a temporary folder, for tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PASSWORD = "secret word"


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([*map(str, reversed(BINARIES)), os.environ.get("PATH", "")]))


needs_postgres = pytest.mark.skipif(
    _program("initdb") is None or _program("pg_ctl") is None, reason="PostgreSQL's server is not installed"
)


class Server:
    """`address` is what `--storage` takes; `stop` and `start` are a restart as its keeper does it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "server"
        self.user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def address(self) -> str:
        return f"postgresql://sedkd:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/postgres"

    def database(self, name: str) -> str:
        """The address of a new database on it."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return self.address.rpartition("/")[0] + f"/{name}"

    def make(self) -> None:
        self.folder.mkdir(parents=True)
        if self.user:
            self.folder.parent.chmod(0o755)
            shutil.chown(self.folder, self.user)
        secret = self.folder.with_name("password")
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-D", str(self.folder), "-U", "sedkd", "-A", "scram-sha-256", f"--pwfile={secret}", "-N")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-m", mode, "stop")

    def _run(self, name: str, *words: str) -> None:
        program = _program(name)
        assert program is not None
        done = subprocess.run([program, *words], user=self.user, cwd="/", capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")


@contextmanager
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:  # pytest's own folders are for one user alone
        made = Server(Path(folder))
        made.make()
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")

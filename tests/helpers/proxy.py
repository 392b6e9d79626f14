"""A real gRPC proxy of Optuna's, a process of its own, for tests."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_RUN = (
    "import sys; from optuna.storages import get_storage, run_grpc_proxy_server as run; "
    "run(get_storage(sys.argv[1]), host='127.0.0.1', port=int(sys.argv[2]))"
)


class Proxy:
    """`address` is what `--storage` takes; `stop` and `start` are a restart as its keeper does it."""

    def __init__(self, database: str) -> None:
        self.database = database.replace("postgresql://", "postgresql+psycopg://")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def address(self) -> str:
        return f"grpc://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-W", "ignore", "-c", _RUN, self.database, str(self.port)]
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("the proxy did not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def proxy(database: str) -> Iterator[Proxy]:
    """One before this database, whose address is as `--storage` takes it."""
    made = Proxy(database)
    made.start()
    try:
        yield made
    finally:
        made.stop()

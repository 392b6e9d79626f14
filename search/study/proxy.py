"""Trials behind Optuna's gRPC proxy, for machines that reach it and no database.

It passes on trials alone: leases and turns are made of them (`search.study.tokens`), files that other machines need lie
at $SEDKD_CACHE_REMOTE (`search.study.remote_files`). The proxy knows neither passwords nor encryption.
"""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna

    from search.study.remote_files import RemoteFiles

Answer = TypeVar("Answer")

SCHEME = "grpc"
EXPECTED = "grpc://HOST:PORT"
PORT = 13000  # that of `optuna.storages.run_grpc_proxy_server`
CONNECT_SECONDS = 5
BY_TRIALS = "trials"  # how processes show that they are at a trial
MAKING_SECONDS = 2.0  # between two looks whether another machine is still making something


def require_address(text: str) -> None:
    """UserError where `text` is no address of a proxy, or the package for it is not installed."""
    from importlib.util import find_spec

    _host_and_port(text)
    if find_spec("grpc") is None:
        raise UserError("--storage: gRPC is not installed; pip install 'sedkd[grpc]'")


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, PORT
    if not host or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        told = f"{SCHEME}://{address.partition('://')[2].rpartition('@')[2]}"
        raise UserError(f"--storage {told}: expected {EXPECTED}, the proxy's, which knows neither users nor databases")
    return host, port


@dataclass(frozen=True)
class ProxyStorage:
    """A `search.study.storage.Storage` at `address` (grpc://HOST:PORT).

    patience: seconds to wait for a proxy, or a place of files, that does not answer in mid-study.
    """

    address: str
    patience: float

    @property
    def leases(self) -> str:
        return BY_TRIALS

    @property
    def place(self) -> str:
        return self.address

    @property
    def exists(self) -> bool:
        self.require()
        return bool(self.trials().get_all_studies())

    def require(self) -> None:
        from sedkd.disk.remote import VARIABLE, Unreachable

        remote = self._files.remote
        try:
            remote.has("studies")
        except Unreachable as error:
            raise UserError(f"${VARIABLE} {remote.place}: cannot be used ({error})") from error
        try:
            self._process.proxy.wait_server_ready(CONNECT_SECONDS)
        except ConnectionError:
            raise UserError(
                f"--storage {self.place}: no answer within {CONNECT_SECONDS} s; see that the proxy "
                "(optuna.storages.run_grpc_proxy_server) runs, and that it can be reached from here"
            ) from None

    def trials(self) -> "optuna.storages.BaseStorage":
        return self._process.storage

    def turn(self, study: str) -> AbstractContextManager[None]:
        return self._process.tokens.turn(study)

    def one_look(self) -> AbstractContextManager[None]:
        from search.study.patient import one_look

        return one_look()

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()  # the proxy takes one parameter at a time

    def making(self, what: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        return self._process.tokens.turn(f"making {what}", waiting, MAKING_SECONDS)

    @contextmanager
    def owner(self) -> Iterator[str]:
        with self._process.tokens.lease() as lease:
            yield f"{socket.gethostname()}-{os.getpid()}@{lease}"

    def is_alive(self, owner: str) -> bool:
        lease = owner.rpartition("@")[2]
        return lease.isdecimal() and self._process.tokens.holds(int(lease))

    def share(self, study: str, folder: Path, file: Path) -> None:
        self._asked(lambda: self._files.share(study, file.relative_to(folder).as_posix(), file))

    def fetch(self, study: str, folder: Path, file: Path, anew: bool = False) -> None:
        if anew or not file.exists():
            self._asked(lambda: self._files.fetch(study, file.relative_to(folder).as_posix(), file))

    def forget(self, study: str, folder: Path, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._asked(lambda: self._files.forget(study, file.relative_to(folder).as_posix()))

    def forget_study(self, study: str) -> None:
        files = self._files
        for path in files.digests(study):
            self._asked(partial(files.forget, study, path))

    def fetch_scores(self, study: str, folder: Path) -> None:
        files = self._files
        for path, digest in files.digests(study).items():
            if not path.endswith(".json"):
                continue
            if not (folder / path).resolve().is_relative_to(folder.resolve()):
                raise UserError(f"--storage {self.place}: {study} holds a file {path!r}, which is outside of the study")
            if not _is_there(folder / path, digest):
                self._asked(partial(files.fetch, study, path, folder / path))

    @property
    def _process(self) -> "_Process":
        return _process(self.address, self.patience)

    @property
    def _files(self) -> "RemoteFiles":
        from search.study.remote_files import RemoteFiles, remote_of_environment

        return RemoteFiles(self.trials(), remote_of_environment(self.place))

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        """Waits for a place of files that cannot be reached; the proxy is waited for already."""
        from search.study.patient import waiting
        from sedkd.disk.remote import VARIABLE, Unreachable

        place = f"{self.place} (${VARIABLE})"
        return waiting(ask, lambda error: isinstance(error, Unreachable), place, self.patience)


def _is_there(file: Path, digest: str) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


class _Process:
    """The proxy as this process uses it: one channel, and what it saw of others' leases."""

    def __init__(self, address: str, patience: float) -> None:
        from search.study.patient import patient_twin, waiting
        from search.study.tokens import Tokens

        self.proxy = _proxy(*_host_and_port(address))
        ask = partial(waiting, is_gone=_is_gone, place=address, patience=patience)
        self.storage = patient_twin(self.proxy, ask)
        self.tokens = Tokens(self.storage, self.proxy)


_process = lru_cache(maxsize=None)(_Process)


def _proxy(host: str, port: int) -> Any:
    import warnings

    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.GrpcStorageProxy(host=host, port=port)


def _is_gone(error: Exception) -> bool:
    """Whether the proxy may answer in a while: it is not reached, or does not reach its database ("unknown")."""
    import grpc

    gone = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN)
    return isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call) and error.code() in gone

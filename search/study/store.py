"""Where results live: a folder with MLflow's store and the students, and trials there or on a server."""

import os
from dataclasses import dataclass
from pathlib import Path

from search.study import postgres, proxy
from search.study.database import url_of
from search.study.postgres import PATIENCE_SECONDS, PostgresStorage
from search.study.proxy import ProxyStorage
from search.study.sqlite import SQLiteStorage
from search.study.storage import Storage
from sedkd.disk.paths import expanded

DEFAULT = "mlruns"
STUDENT_FILE = "student.safetensors"
TRUNK_FILE = "trunk.safetensors"  # of a student that may be trained on


@dataclass(frozen=True)
class Store:
    """`root` is what `--store` says, else $SEDKD_STORE, else ./mlruns; `server` and `patience` are what `--storage` and
    `--storage-timeout` say, if anything."""

    root: Path
    server: str | None = None
    patience: float = PATIENCE_SECONDS

    @property
    def storage(self) -> Storage:
        """Where its trials lie."""
        if self.server is None:
            return SQLiteStorage(self.root)
        if _is_proxy(self.server):
            return ProxyStorage(self.server, self.patience)
        return PostgresStorage(self.server, self.patience)

    @property
    def mlflow_file(self) -> Path:
        return self.root / "mlflow.db"

    @property
    def mlflow_uri(self) -> str:
        """MLFLOW_TRACKING_URI is honoured; else SQLite below `root`."""
        return os.environ.get("MLFLOW_TRACKING_URI") or url_of(self.mlflow_file)

    @property
    def artifacts_uri(self) -> str | None:
        """Where MLflow keeps artifacts; None leaves that to a server named by MLFLOW_TRACKING_URI."""
        return None if os.environ.get("MLFLOW_TRACKING_URI") else (self.root / "artifacts").as_uri()

    def study_folder(self, study: str) -> Path:
        return self.root / "studies" / study

    def trial_folder(self, study: str, number: int) -> Path:
        return self.study_folder(study) / f"trial-{number:04d}"


def open_store(root: str | None, server: str | None = None, patience: float = PATIENCE_SECONDS) -> Store:
    """The store of `--store`, `--storage` and `--storage-timeout`; the folder is made when something is written.

    Raises:
        UserError: the server's address is none.
    """
    server = server or os.environ.get("SEDKD_STORAGE") or None
    if server is not None:
        (proxy if _is_proxy(server) else postgres).require_address(server)
    return Store(expanded(root or os.environ.get("SEDKD_STORE") or DEFAULT).resolve(), server, patience)


def _is_proxy(server: str) -> bool:
    return server.startswith(f"{proxy.SCHEME}://")

"""Where results live: one folder with Optuna's storage, MLflow's store, and the students."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT = "mlruns"
STUDENT_FILE = "student.safetensors"


@dataclass(frozen=True)
class Store:
    """`root` is what `--store` says, else $SEDKD_STORE, else ./mlruns."""

    root: Path

    @property
    def optuna_file(self) -> Path:
        return self.root / "optuna.db"

    @property
    def mlflow_file(self) -> Path:
        return self.root / "mlflow.db"

    @property
    def optuna_url(self) -> str:
        return _sqlite_url(self.optuna_file)

    @property
    def mlflow_uri(self) -> str:
        """MLFLOW_TRACKING_URI is honoured; else SQLite below `root`."""
        return os.environ.get("MLFLOW_TRACKING_URI") or _sqlite_url(self.mlflow_file)

    @property
    def artifacts_uri(self) -> str | None:
        """Where MLflow keeps artifacts; None leaves that to a server named by MLFLOW_TRACKING_URI."""
        return None if os.environ.get("MLFLOW_TRACKING_URI") else (self.root / "artifacts").as_uri()

    @property
    def exists(self) -> bool:
        return self.optuna_file.exists()

    def study_folder(self, study: str) -> Path:
        return self.root / "studies" / study

    def trial_folder(self, study: str, number: int) -> Path:
        return self.study_folder(study) / f"trial-{number:04d}"


def _sqlite_url(path: Path) -> str:
    """The URL of a database file, whatever characters its path holds."""
    from sqlalchemy import URL

    plain = f"sqlite:///{path}"
    quoted = URL.create("sqlite", database=str(path)).render_as_string()
    # MLflow makes the folder that it reads in an URL of this very beginning, without undoing the quoting.
    return plain if quoted == plain else quoted.replace("sqlite:", "sqlite+pysqlite:", 1)


def open_store(root: str | None) -> Store:
    """The store of `--store`; the folder is made when something is written."""
    return Store(Path(root or os.environ.get("SEDKD_STORE") or DEFAULT).expanduser().resolve())

"""Stores whose MLflow database is there already: MLflow takes seconds to make one, and every test wants its own."""

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock


def ready(store: Path) -> Path:
    """`store`, with an empty database that MLflow made; a store that is there already, or relative, stays as it is."""
    if store.is_absolute() and not store.exists():
        store.mkdir(parents=True)
        shutil.copy(_empty_database(), store / "mlflow.db")
    return store


def _empty_database() -> Path:
    """Made once a run, by MLflow itself."""
    folder = Path(os.environ.get("SEDKD_TEST_RUN", tempfile.gettempdir()))
    with FileLock(folder / "mlflow.lock"):
        target = folder / "mlflow.db"
        if not target.exists():
            from search.study.store import Store
            from search.tracking.client import quiet_client

            place = Path(tempfile.mkdtemp(dir=folder))
            quiet_client(Store(place)).search_experiments()
            (place / "mlflow.db").rename(target)
        return target

"""A store that was moved or copied: MLflow's database names files by where the store lay when they were written."""

import sqlite3
from contextlib import closing
from urllib.parse import quote

from search.study.database import WAIT_SECONDS
from search.study.store import Store
from sedkd.errors import UserError

PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)
"""Columns of MLflow's tables that name files of the store."""


def look_here(store: Store) -> None:
    """Let the database of a store name the files that lie beside it, wherever the store lay before. Nothing is written
    where it does already, nor to the other place.

    Raises:
        UserError: it names others, and cannot be written to.
    """
    here = store.artifacts_uri
    if here is None or not store.mlflow_file.exists():
        return
    try:
        with closing(sqlite3.connect(store.mlflow_file, timeout=WAIT_SECONDS)) as database, database:
            for before in _others(database, here):
                for table, column in PLACES:
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                        (f"{here}/", len(before) + 2, len(before) + 1, f"{before}/"),
                    )
    except sqlite3.OperationalError as error:
        raise UserError(
            f"{store.mlflow_file}: names files where the store lay before, and cannot be mended ({error}); see that it "
            "may be written to"
        ) from error


def _others(database: sqlite3.Connection, here: str) -> set[str]:
    """Where the experiments' files lay when they were begun, other than `here`."""
    rows = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
    ends = [(place, f"/{quote(name)}") for name, place in rows if place]
    return {place.removesuffix(end) for place, end in ends if place.endswith(f"/artifacts{end}")} - {here}

"""SQLite files of a store: looked at before they are used, so that a damaged one is named and never written to."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sedkd.errors import UserError

WAIT_SECONDS = 60.0  # for another process to finish writing


def url_of(path: Path) -> str:
    """The URL of a database file, whatever characters its path holds."""
    from sqlalchemy import URL

    plain = f"sqlite:///{path}"
    quoted = URL.create("sqlite", database=str(path)).render_as_string()
    # MLflow makes the folder that it reads in an URL of this very beginning, without undoing the quoting.
    return plain if quoted == plain else quoted.replace("sqlite:", "sqlite+pysqlite:", 1)


def read_only_url_of(path: Path) -> str:
    """The same, of one that is never written to."""
    from sqlalchemy import URL

    place = f"file:{quote(str(path.absolute()))}"  # SQLite undoes this quoting, SQLAlchemy its own
    return URL.create("sqlite", database=place, query={"mode": "ro", "uri": "true"}).render_as_string()


def require_sound(file: Path, mend: str) -> None:
    """UserError when a database is there and damaged, with what may be done besides putting a copy back."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", timeout=WAIT_SECONDS, uri=True)) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return
        raise UserError(f"{file}: cannot be used ({error}); see that it is a file and may be written to") from error
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        reason = " ".join(str(found).split())
        raise UserError(f"{file}: is damaged ({reason}); put a copy back in its place, {mend}")


def tell_of(engine: Any, file: Path) -> None:
    """From now on, what SQLite cannot do with this engine's file, on a full disk say, is a UserError that names it."""
    from sqlalchemy import event

    def told(context: Any) -> None:
        error = context.original_exception
        known = type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError)
        if known and not any(word in str(error) for word in ("locked", "no such", "syntax", "already exists")):
            raise UserError(
                f"{file}: cannot be used ({error}); make room, see that it may be written to, or name another folder "
                "with --store"
            ) from error

    event.listen(engine, "handle_error", told)

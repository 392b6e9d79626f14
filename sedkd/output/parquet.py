"""Detections as a Parquet file, with the columns of the other tables; times of day are ISO 8601 texts as there."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError
from sedkd.output.formats import ABSOLUTE, COLUMNS, Heard, objects_of

SUFFIX = ".parquet"


def require_parquet() -> None:
    """UserError where nothing here can write it."""
    if find_spec("pyarrow") is None:
        raise UserError("--format parquet: needs pyarrow (pip install pyarrow), or choose csv")


def write_parquet(out: Path, heard: Sequence[Heard], dated: bool) -> None:
    """Write the detections of some recordings to a file. UserError where it cannot be written."""
    import pandas

    columns = [*COLUMNS, *(ABSOLUTE if dated else ())]
    rows = [row for one in heard for row in objects_of(one, dated)]
    kinds = {name: "float64" if name in ("onset", "offset", "confidence") else "object" for name in columns}
    frame = pandas.DataFrame(rows, columns=columns).astype(kinds)
    if out.is_dir():
        raise UserError(f"{out}: is a folder; name the table to write inside it, or add --per-file")
    try:
        with written_atomically(out) as temporary:
            frame.to_parquet(temporary, index=False)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another --out") from error

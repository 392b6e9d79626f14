"""Parquet, as pandas and `sedkd detect --format parquet` write it: read as the same table in .csv."""

from functools import lru_cache
from pathlib import Path

from sedkd.errors import UserError

SUFFIX, MAGIC = ".parquet", b"PAR1"


def text_of_parquet(path: Path) -> str:
    """The table as comma-separated text with a header. UserError: it cannot be read."""
    stat = path.stat()
    return _text(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)  # who tells its format looks at it several times before it is read
def _text(path: Path, changed: int, size: int) -> str:
    import pandas

    try:
        frame = pandas.read_parquet(path)
    except ImportError:
        raise UserError(f"{path}: to read Parquet needs pyarrow (pip install pyarrow), or save it as .csv") from None
    except (OSError, ValueError) as error:  # what pyarrow raises are such
        raise UserError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}): save it again") from None
    text: str = frame.to_csv(index=any(frame.index.names))
    return text

"""An array of rows on disk that is written in any order, and of which nothing is held in memory."""

import os
from pathlib import Path
from types import TracebackType

import numpy as np

from sedkd.disk.paths import naming


class Rows:
    """An fp16 array `[rows, columns]` in a .npy file, open for reading and writing; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        array = np.load(path, mmap_mode="r")
        self.columns: int = array.shape[1]
        self._begin, self._bytes = array.offset, array.shape[1] * array.itemsize
        self._file = path.open("r+b")

    def __enter__(self) -> "Rows":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with naming(self.path):
            self._file.close()

    def write(self, first: int, rows: np.ndarray) -> None:
        """Put rows `[n, columns]` at `first` and behind."""
        self._file.seek(self._begin + first * self._bytes)
        with naming(self.path):
            self._file.write(rows.astype(np.float16, copy=False).tobytes())

    def read(self, first: int, stop: int) -> np.ndarray:
        """Rows `first:stop`, a copy."""
        self._file.seek(self._begin + first * self._bytes)
        content = self._file.read((stop - first) * self._bytes)
        return np.frombuffer(content, np.float16).reshape(stop - first, self.columns)

    def sync(self) -> None:
        """See what was written safe on the disk."""
        with naming(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())


def make_rows(path: Path, shape: tuple[int, int]) -> None:
    """A new file of rows, all 0."""
    with naming(path):
        np.lib.format.open_memmap(path, "w+", np.float16, shape)


def is_rows(path: Path, rows: int) -> bool:
    """Whether a file holds so many rows."""
    try:
        found = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):  # no file, no array, nothing
        return False
    return found.dtype == np.float16 and found.ndim == 2 and len(found) == rows

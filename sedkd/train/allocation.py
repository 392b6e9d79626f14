"""The C library's memory: kept for the next step of training instead of being given back to the system after each."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt(3)
LARGEST = (1 << 31) - 1


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """In here, keep what tensors free, where the C library can be told so (glibc can); afterwards give it back.

    Each operation of a training step makes a tensor of some megabytes. Those are mapped anew from the system by
    default, and every page of them is written with zeros first, which takes longer than many an operation. But what is
    kept is found again only by tensors of the same sizes: over many trainings it would grow to some gigabytes.
    """
    library = _told_to_keep()
    try:
        yield
    finally:
        if library is not None:
            library.malloc_trim(0)


@cache
def _told_to_keep() -> Any:
    """The C library, which keeps from now on in this process what is freed; None where it cannot be told so."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not all(hasattr(library, name) for name in ("mallopt", "malloc_trim")):
        return None
    kept = library.mallopt(MMAP_THRESHOLD, 1 << 30) and library.mallopt(TRIM_THRESHOLD, LARGEST)
    return library if kept else None

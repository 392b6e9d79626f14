"""The C library's memory, kept for the next step of training instead of being given back to the system after each."""

import ctypes
import sys
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt(3)
LARGEST = (1 << 31) - 1


@cache
def keep_freed_memory() -> bool:
    """From now on, in this process, keep what tensors free; whether the C library can be told so (glibc can).

    Each operation of a training step makes a tensor of some megabytes. Those are mapped anew from the system by
    default, and every page of them is written with zeros first, which takes longer than many an operation.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(MMAP_THRESHOLD, 1 << 30) and mallopt(TRIM_THRESHOLD, LARGEST))

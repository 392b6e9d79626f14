"""Threads of this process that compute side by side, each by itself: a small model's operations are too short to be
shared out, and torch leaves Python's lock while it computes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch


@contextmanager
def single_threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads, for each of which torch uses that one alone; at the end what has not begun is dropped, what has
    is waited for, and torch uses as many threads as before."""
    before, pool = torch.get_num_threads(), ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)

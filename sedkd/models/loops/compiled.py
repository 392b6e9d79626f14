"""How loops are compiled: at their first call, for this machine's processor, and kept beside the module: that takes a
few seconds once, and not in every process."""

from collections.abc import Callable
from typing import Any

from numba import njit

FAST = {"contract", "nsz"}  # a product and a sum are one instruction; values that are not finite stay what they are


def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator. Divisions are numpy's: by nothing they are no error."""
    how: dict[str, Any] = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}
    try:
        return njit(cache=True, **how)(loop)
    except RuntimeError:  # there is no folder to keep it in
        return njit(**how)(loop)

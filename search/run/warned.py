"""Warnings as a person sees them: sedkd's own in one line, wherever it is installed, and none of the libraries'."""

import warnings
from collections.abc import Callable
from typing import Any

from sedkd.errors import SedkdWarning


def show_own_warnings(show: Callable[[str], None]) -> None:
    """From now on, in this process, `show` is called with each of sedkd's warnings, with the same line once."""
    shown: set[str] = set()

    def one_line(message: Any, category: type, *where: Any, **more: Any) -> None:
        # Libraries switch their own on again, and several workers may find the same.
        if issubclass(category, SedkdWarning) and str(message) not in shown:
            shown.add(str(message))
            show(str(message))

    warnings.simplefilter("ignore")
    warnings.simplefilter("always", SedkdWarning)
    warnings.showwarning = one_line

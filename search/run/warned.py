"""Warnings as a person sees them: sedkd's own in one line, wherever it is installed, and none of the libraries'."""

import warnings
from collections.abc import Callable
from typing import Any

from sedkd.errors import RowWarning, SedkdWarning

MAX_ROWS = 10  # of label files, each told in a line of its own
MORE = "rows of further files were dropped or cut as well; `sedkd data check DIR` counts and lists them"


def show_own_warnings(show: Callable[[str], None]) -> None:
    """From now on, in this process, `show` is called with each of sedkd's warnings, with the same line once, and with
    the first of those that a table of hundreds of files may bring."""
    shown: set[str] = set()
    rows: set[str] = set()

    def one_line(message: Any, category: type, *where: Any, **more: Any) -> None:
        # Libraries switch their own on again, and several workers may find the same.
        if not issubclass(category, SedkdWarning) or str(message) in shown | rows:
            return
        line = str(message)
        if issubclass(category, RowWarning):
            rows.add(line)
            if len(rows) > MAX_ROWS:
                line = MORE
        if line not in shown:
            shown.add(line)
            show(line)

    warnings.simplefilter("ignore")
    warnings.simplefilter("always", SedkdWarning)
    warnings.showwarning = one_line

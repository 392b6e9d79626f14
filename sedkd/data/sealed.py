"""The seal on the test split: nothing is trained or tuned while it is open, and it opens for written decisions only.

Mistakes in its form are looked for before anything is trained, by `look_over`, which tells nothing else of it.

`read_labeled` refuses the test split unless `opened_test` is around it; `fit` and `tune` refuse to run inside. What
is going to be scored is on disk before the first test recording is read, so that no choice can depend on it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sedkd.disk.json_file import write_json

_seal = {"opened": False}  # of the whole process, its threads included


class SealBroken(RuntimeError):
    """Code reads the test split before the decisions are made, or decides while it is open. A bug, not a mistake."""


@contextmanager
def opened_test(decisions: Mapping[str, Any], record: Path) -> Iterator[None]:
    """Write `decisions` (what will be scored, anything JSON can hold) to `record`, then open the test split inside.

    Raises:
        SealBroken: it is open already.
    """
    require_sealed("opening the test split again")
    write_json(record, dict(decisions), indent=1)
    with _unsealed():
        yield


@contextmanager
def _unsealed() -> Iterator[None]:
    _seal["opened"] = True
    try:
        yield
    finally:
        _seal["opened"] = False


def look_over(read: Callable[[], object]) -> None:
    """Let `read` go through the test split for what is wrong with its files, and forget what it read: hours of training
    are not to end in a line that is no number. UserError and warnings are its own.

    Raises:
        SealBroken: it is open already.
    """
    require_sealed("looking over the test split")
    with _unsealed():
        read()


def require_sealed(what: str) -> None:
    """SealBroken when the test split is open: `what` decides something."""
    if _seal["opened"]:
        raise SealBroken(f"{what} while the test split is open: decide on validation, before")


def require_opened(what: str) -> None:
    """SealBroken when the test split is sealed: `what` reads it."""
    if not _seal["opened"]:
        raise SealBroken(f"{what}: the test split is sealed until everything is decided (sedkd.data.sealed)")

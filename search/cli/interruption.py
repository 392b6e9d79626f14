"""Ctrl-C as a wish to stop: it breaks off waiting, never the work on what has come."""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any


class Interruption(AbstractContextManager["Interruption"]):
    """While it is entered, SIGINT and SIGTERM end what `waited_for` waits for; in the main thread."""

    def __init__(self) -> None:
        self._waiting = self._wished = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        self._before = {number: signal.signal(number, self._wish) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def waited_for(self, pieces: Iterator[Any]) -> Any | None:
        """The next piece; None at the end, or when it was wished for."""
        try:
            self._waiting = True
            return None if self._wished else next(pieces, None)
        except KeyboardInterrupt:
            return None
        finally:
            self._waiting = False

    def _wish(self, number: int, frame: FrameType | None) -> None:
        self._wished = True
        if self._waiting:
            raise KeyboardInterrupt

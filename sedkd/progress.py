"""How long work tells where it stands."""

from collections.abc import Callable

Counter = Callable[[int, int], None]
"""Called with how much is done and how much there is."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def counting(progress: Progress | None, what: str) -> Counter | None:
    """The counter that reports to `progress` under the name `what`; None where nobody listens."""
    if progress is None:
        return None
    listener = progress
    return lambda done, total: listener(what, done, total)

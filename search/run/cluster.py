"""What a search asks of a queue or a cluster: `search.run.on_ray`, `search.run.on_slurm`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PROGRAM = "search.cli.main"  # the module that `sedkd` runs


@dataclass(frozen=True)
class Joining:
    """How a worker of a study is started: the words behind `sedkd`, and the variables that it needs there. The address
    of the storage may hold a password, so it is no word."""

    words: tuple[str, ...]
    variables: dict[str, str]


@dataclass(frozen=True)
class Ended:
    """How a worker ended: by its exit code and its last line on stderr, or lost with its machine, by what."""

    code: int = 0
    line: str = ""
    lost: str | None = None


class Cluster(Protocol):
    """Where workers are started; a handle is whatever it knows one by."""

    name: str

    def start(self, joining: Joining, count: int) -> Sequence[Any]:
        """Ask for so many workers; each begins when there is room for it. UserError when they are refused."""
        ...

    def ended(self, worker: Any) -> Ended | None:
        """How it ended; None while it waits or works."""
        ...

    def stop(self, workers: Sequence[Any]) -> None:
        """End those that have not."""
        ...

"""What a store asks of the place where its trials lie; `search.study.sqlite` is the one on this disk."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import optuna


class Storage(Protocol):
    """Where the trials of a store's studies lie, and which processes are at them."""

    @property
    def exists(self) -> bool:
        """Whether anything was written there yet."""
        ...

    def trials(self) -> "optuna.storages.BaseStorage":
        """Optuna's side of it. UserError when it cannot be used, with the mend."""
        ...

    def turn(self, study: str) -> AbstractContextManager[None]:
        """One process at a time: what is counted before a trial of a study is asked for still holds when it was."""
        ...

    def owner(self) -> AbstractContextManager[str]:
        """This process as one that runs trials: the name with which they are marked, while it lives."""
        ...

    def is_alive(self, owner: str) -> bool:
        """Whether the process of this name lives."""
        ...

"""What a store asks of the place where its trials lie: `search.study.sqlite` on this disk, `search.study.postgres` on a
server, `search.study.proxy` behind one of Optuna's that passes them on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import optuna


class Storage(Protocol):
    """Where the trials of a store's studies lie, which processes are at them, and what other machines may read."""

    @property
    def leases(self) -> str:
        """How processes show that they are at a trial; who shows it otherwise would take their trials for abandoned."""
        ...

    @property
    def place(self) -> str:
        """What a message calls it; never with a password."""
        ...

    @property
    def exists(self) -> bool:
        """Whether anything was written there yet. UserError when it cannot be used."""
        ...

    def require(self) -> None:
        """UserError when it cannot be reached or written to, before anything else is begun."""
        ...

    def trials(self) -> "optuna.storages.BaseStorage":
        """Optuna's side of it. UserError when it cannot be used, with the mend."""
        ...

    def turn(self, study: str) -> AbstractContextManager[None]:
        """One process at a time: what is counted before a trial of a study is asked for still holds when it was."""
        ...

    def one_look(self) -> AbstractContextManager[None]:
        """In here trials may be read once for all that asks for them."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """In here a trial's parameters may be written at the end, all at once."""
        ...

    def making(self, what: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """One machine at a time makes what machines share; who waits calls back, which may raise. Where machines share
        no storage, nobody waits."""
        ...

    def owner(self) -> AbstractContextManager[str]:
        """This process as one that runs trials: the name with which they are marked, while it lives."""
        ...

    def is_alive(self, owner: str) -> bool:
        """Whether the process of this name lives."""
        ...

    def share(self, study: str, folder: Path, file: Path) -> None:
        """Let other machines have a file below the study's folder, as it is now."""
        ...

    def fetch(self, study: str, folder: Path, file: Path, anew: bool = False) -> None:
        """Bring a file that another machine shared to its place below the study's folder, unless one is there; `anew`:
        then as well."""
        ...

    def forget(self, study: str, folder: Path, file: Path) -> None:
        """Remove a file, here and where other machines find it."""
        ...

    def forget_study(self, study: str) -> None:
        """Remove all files that were shared of a study of this name, where other machines find them."""
        ...

    def fetch_scores(self, study: str, folder: Path) -> None:
        """Bring all shared files of scores (.json) as they are now."""
        ...

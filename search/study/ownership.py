"""Who runs a trial: each process holds a lock as long as it lives, so that its death is known at once."""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from search.study.records import CARRIED, CONTROL, OWNER, RECORD, RETRIED, STOPPED
from search.study.store import Store
from search.study.view import StudyView
from sedkd.disk.kept import one_at_a_time

if TYPE_CHECKING:
    import optuna


def close_stale(study: StudyView) -> list[int]:
    """End the trials whose process is gone, and return the numbers of those that are lost.

    A process holds a lock on its own file as long as it lives, however it ends, so that its death is known at once
    (Optuna's heartbeat would take a minute). A trial whose record was already written had finished and is told so. Any
    other is marked as failed and put in line once more, but only once.
    """
    with turn(study):  # no trial is between being asked for and being owned
        return [number for number in (_closed(study, trial) for trial in study.running()) if number is not None]


def _closed(study: StudyView, trial: "optuna.trial.FrozenTrial") -> int | None:
    """End a running trial whose process is gone; its number when it is lost."""
    from optuna.trial import TrialState

    if _is_alive(study.store, trial.user_attrs.get(OWNER, "")):
        return None
    if RECORD in trial.user_attrs:
        study.optuna.tell(trial.number, trial.user_attrs[RECORD]["values"])
        return None
    if STOPPED in trial.user_attrs:
        study.optuna.tell(trial.number, state=TrialState.PRUNED)
        return None
    study.optuna.tell(trial.number, state=TrialState.FAIL)
    if RETRIED not in trial.user_attrs and trial.params:
        kept = {key: trial.user_attrs[key] for key in (CONTROL, CARRIED) if key in trial.user_attrs}
        study.optuna.enqueue_trial(dict(trial.params), user_attrs={RETRIED: trial.number, **kept})
    return trial.number


@contextmanager
def turn(study: StudyView) -> Iterator[None]:
    """One process at a time: what is counted before a trial is asked for still holds when it was."""
    with one_at_a_time(study.folder / "turn.lock"):
        yield


@contextmanager
def ownership(store: Store) -> Iterator[str]:
    """Hold a lock for this process and yield its name, with which its trials are marked (see `close_stale`)."""
    from filelock import FileLock

    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    path = _owner_file(store, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield name
    path.unlink(missing_ok=True)


def _owner_file(store: Store, owner: str) -> Path:
    return store.root / "owners" / f"{owner}.lock"


def _is_alive(store: Store, owner: str) -> bool:
    from filelock import FileLock, Timeout

    path = _owner_file(store, owner)
    if not owner or not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            pass
    except Timeout:
        return True
    path.unlink(missing_ok=True)
    return False

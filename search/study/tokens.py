"""Leases and turns out of nothing but Optuna's trials, for a storage that passes on trials alone.

A lease is a running trial that its process renews. A turn is a trial that passes from hand to hand: of two processes
that set it from waiting to running, Optuna tells one that it did. Clocks of machines are never compared: who looks
remembers what it saw, and takes for abandoned what has not changed for as long as a lease lasts.
"""

import random
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from search.study.bookkeeping import bookkeeping
from sedkd.errors import SedkdWarning

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

LEASE_SECONDS = 60.0
POLL_SECONDS = 0.1  # between two looks at a turn that another has
_RENEWED = "renewed"
_LEASES = "sedkd leases"  # the name of the study whose trials are leases


class Tokens:
    """Leases and turns of one process.

    storage: its questions wait for a server that is gone. renewing: the same storage, whose questions do not.
    """

    def __init__(self, storage: "BaseStorage", renewing: "BaseStorage") -> None:
        self.storage, self.renewing = storage, renewing
        self.sightings = Sightings()

    @contextmanager
    def lease(self) -> Iterator[int]:
        """The number of a lease that is held in here, and given back where this ends without an error."""
        from optuna.trial import TrialState

        lease = self.storage.create_new_trial(bookkeeping(self.storage, _LEASES))
        with self._renewed(lease):
            yield lease
        self._end(lease, TrialState.COMPLETE)

    def holds(self, lease: int) -> bool:
        """Whether the process of this lease lives: what is not renewed is ended by the first that knows."""
        from optuna.trial import TrialState

        try:
            trial = self.storage.get_trial(lease)
        except KeyError:
            return False
        if trial.state.is_finished():
            return False
        if self.sightings.is_abandoned(trial):
            self._end(lease, TrialState.FAIL)
            return False
        return True

    @contextmanager
    def turn(
        self, name: str, waiting: Callable[[], None] = lambda: None, poll_seconds: float = POLL_SECONDS
    ) -> Iterator[None]:
        """One process at a time in here; who waits calls back, which may raise."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        study = bookkeeping(self.storage, f"sedkd turn {name}")
        while (token := self._taken(study)) is None:
            waiting()
            time.sleep(poll_seconds * random.uniform(0.5, 1.5))  # those that wait do not all look at once
        try:
            with self._renewed(token):
                yield
        finally:
            try:
                self.storage.set_trial_state_values(token, TrialState.WAITING)
            except UpdateFinishedTrialError:
                warnings.warn(
                    f"the turn {name!r} was not renewed for {LEASE_SECONDS:g} s, and another process had it meanwhile",
                    SedkdWarning,
                    stacklevel=2,
                )

    def _taken(self, study: int) -> int | None:
        """The token of a turn, if it is this process's now: the first trial that has not ended."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState, create_trial

        states = (TrialState.WAITING, TrialState.RUNNING)
        tokens = self.storage.get_all_trials(study, deepcopy=False, states=states)
        if not tokens:
            self.storage.create_new_trial(study, create_trial(state=TrialState.WAITING))
            return None
        token = tokens[0]
        if token.state == TrialState.WAITING:
            with suppress(UpdateFinishedTrialError):  # it was taken, and abandoned, since it was read
                return token._trial_id if self.storage.set_trial_state_values(token._trial_id, states[1]) else None
        elif self.sightings.is_abandoned(token):
            self._end(token._trial_id, TrialState.FAIL)
        return None

    def _end(self, trial: int, state: Any) -> None:
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        values = [0.0] if state == TrialState.COMPLETE else None
        with suppress(UpdateFinishedTrialError):  # another did
            self.storage.set_trial_state_values(trial, state, values)

    @contextmanager
    def _renewed(self, trial: int) -> Iterator[None]:
        """In here a thread renews a trial."""
        ended = threading.Event()
        threading.Thread(target=self._renew, args=(trial, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _renew(self, trial: int, ended: threading.Event) -> None:
        times = 0
        while not ended.wait(LEASE_SECONDS / 3):
            times += 1
            with suppress(Exception):  # a server that is gone; a trial that was taken away, which its holder finds out
                self.renewing.set_trial_user_attr(trial, _RENEWED, times)


class Sightings:
    """What a process saw of running trials, and for how long each has not changed.

    From one look to the next at most a third of a lease counts: while the server is gone, or nobody looks, the trial's
    own process may not have been able to renew it, either.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Any, float, float]] = {}  # by trial: what, when, seconds for which it is the same
        self._lock = threading.Lock()

    def is_abandoned(self, trial: "FrozenTrial") -> bool:
        """Whether this trial has been as it is for the length of a lease."""
        now, found = time.monotonic(), (trial.datetime_start, trial.user_attrs.get(_RENEWED))
        with self._lock:
            before, at, unchanged = self._seen.get(trial._trial_id, (found, now, 0.0))
            unchanged = unchanged + min(now - at, LEASE_SECONDS / 3) if before == found else 0.0
            self._seen[trial._trial_id] = (found, now, unchanged)
        return unchanged >= LEASE_SECONDS

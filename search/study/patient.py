"""A server that is gone for a while is waited for: it is said once, and tried again at growing intervals."""

import time
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from search.study.trial_rows import Params, TrialRows
from sedkd.errors import SedkdWarning, UserError

Answer = TypeVar("Answer")
Ask = Callable[[Callable[[], Any]], Any]
"""What a question answers, which is asked again while the server is gone."""

FIRST_PAUSE, MAX_PAUSE = 0.5, 15.0  # seconds; each is twice the one before
ENDING = ("create_new_trial", "set_trial_state_values")  # after these a look is no longer what it was
# Within `one_look`: by storage and study the trials that were read.
_seen: ContextVar[dict[int, dict[int, list[FrozenTrial]]] | None] = ContextVar("seen", default=None)
# Within `together`: by storage and trial the parameters that are to be written.
_held: ContextVar[dict[tuple[Any, int], Params] | None] = ContextVar("held", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """In here a study's trials are read from the server once, and anew where one was begun or ended from here."""
    if _seen.get() is not None:
        yield
        return
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


@contextmanager
def together() -> Iterator[None]:
    """In here a trial's parameters are written at the end, in one transaction: others see all of them or none."""
    held: dict[tuple[Any, int], Params] = {}
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
    for (storage, trial_id), params in held.items():
        storage.write_params(trial_id, params)


def waiting(ask: Callable[[], Answer], is_gone: Callable[[Exception], bool], place: str, patience: float) -> Answer:
    """What `ask` answers, asked again for `patience` seconds while it raises what `is_gone` knows.

    Raises:
        UserError: it was asked for so long.
    """
    until, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return ask()
        except Exception as error:
            if not is_gone(error):
                raise
            if time.monotonic() + pause > until:
                raise UserError(
                    f"--storage {place}: has not answered for {patience:g} s; what was finished is kept there, and the "
                    "same line goes on when it is back (--storage-timeout waits longer)"
                ) from error
            if pause == FIRST_PAUSE:
                warnings.warn(
                    f"--storage {place}: does not answer; waiting up to {patience:g} s", SedkdWarning, stacklevel=2
                )
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)


def _is_gone(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    gone = isinstance(cause, OperationalError | InterfaceError)
    return gone or (isinstance(cause, DBAPIError) and cause.connection_invalidated)


def patient(url: str, place: str, patience: float) -> BaseStorage:
    """Optuna's storage on a server, its trials read as `TrialRows` does; each question waits for a server that is gone
    (see `waiting`)."""
    database = RDBStorage(url, engine_kwargs={"pool_pre_ping": True, "pool_size": 2})
    rows, rest = TrialRows(database.engine), get_storage(database)
    questions = {name: getattr(rows if hasattr(rows, name) else rest, name) for name in BaseStorage.__abstractmethods__}
    ask = partial(waiting, is_gone=_is_gone, place=place, patience=patience)
    write = _patient(rows.write_params, "write_params", rows.get_trial, ask)
    return _patient_storage(questions, ask, {"write_params": write, "set_trial_param": _set_trial_param})


def patient_twin(storage: BaseStorage, ask: Ask) -> BaseStorage:
    """A storage of Optuna's, each question of which is asked by `ask`."""
    return _patient_storage({name: getattr(storage, name) for name in BaseStorage.__abstractmethods__}, ask, {})


def _patient_storage(
    questions: Mapping[str, Callable[..., Any]], ask: Ask, more: Mapping[str, Callable[..., Any]]
) -> BaseStorage:
    methods = {name: _patient(asked, name, questions["get_trial"], ask) for name, asked in questions.items()}
    methods["get_all_trials"] = _looking(methods["get_all_trials"])
    made: BaseStorage = type("PatientStorage", (BaseStorage,), {**methods, **more})()
    return made


def _patient(asked: Callable[..., Any], name: str, read: Callable[[int], FrozenTrial], ask: Ask) -> Callable[..., Any]:
    def method(self: BaseStorage, *args: Any, **kwargs: Any) -> Any:
        tries = 0

        def once() -> Any:
            nonlocal tries
            tries += 1
            try:
                return asked(*args, **kwargs)
            except UpdateFinishedTrialError:
                # The first try may have been written before the answer was lost.
                if tries > 1 and name == "set_trial_state_values" and _ended_so(read, *args, **kwargs):
                    return True
                raise

        answer = ask(once)
        if name in ENDING and (seen := _seen.get()):
            seen.pop(id(self), None)
        return answer

    return method


def _set_trial_param(
    self: Any, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
) -> None:
    held = _held.get()
    if held is None:
        self.write_params(trial_id, {param_name: (param_value_internal, distribution)})
    else:
        held.setdefault((self, trial_id), {})[param_name] = (param_value_internal, distribution)


def _looking(read: Callable[..., Any]) -> Callable[..., Any]:
    """`get_all_trials`, answered within `one_look` from what was read there."""

    def method(
        self: BaseStorage, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        seen = _seen.get()
        if seen is None or deepcopy:
            found: list[FrozenTrial] = read(self, study_id, deepcopy, states)
            return found
        studies = seen.setdefault(id(self), {})
        if study_id not in studies:
            studies[study_id] = read(self, study_id, deepcopy=False)
        return [trial for trial in studies[study_id] if states is None or trial.state in states]

    return method


def _ended_so(read: Callable[[int], FrozenTrial], trial_id: int, state: Any, values: Any = None) -> bool:
    found = read(trial_id)
    return found.state == state and (values is None or list(found.values) == list(values))
